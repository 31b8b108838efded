// The command line of Troupe: looks at what runs elsewhere, and at what is kept
// of it.

#include "cluster_table.hpp"
#include "seconds.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>
#include <troupe/remote/command_line.hpp>
#include <troupe/remote/status.hpp>
#include <troupe/system.hpp>

#ifdef TROUPE_HAS_STORE
#include "store_commands.hpp"
#endif

#include <CLI/CLI.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>

namespace {

namespace remote = troupe::remote;

struct arguments {
  std::optional<remote::endpoint> supervisor;
  bool json = false;
  double seconds = 5;
  remote::cluster_arguments cluster;
};

void add_connection(CLI::App& app, arguments& chosen) {
  troupe::detail::add_address(app, "--connect", chosen.supervisor,
                              "the address of the supervisor")
      ->required();
  app.add_option("--timeout", chosen.seconds,
                 "the time limit for an answer, in seconds")
      ->check(&troupe_tool::fault_of_seconds);
  add_tls_options(app, chosen.cluster.tls);
}

/// Ends with `status` where all that was written is there.
int ended(int status) {
  if (std::cout.flush()) return status;
  std::cerr << "troupe: cannot write to standard output\n";
  return 1;
}

int show_status(const arguments& chosen) {
  troupe::system_options options;
  options.threads = 1;
  options.prepare = remote::network(chosen.cluster.network());
  troupe::system system{options};
  const auto limit = std::chrono::duration_cast<troupe::duration>(
      std::chrono::duration<double>{chosen.seconds});
  const auto report = remote::status_of(system, *chosen.supervisor, limit);
  if (chosen.json) {
    std::cout << troupe::write_json(report, troupe::bad_text::replaced) << '\n';
  } else {
    std::cout << troupe_tool::cluster_table(report);
  }
  return 0;
}

void add_cluster(CLI::App& app, arguments& chosen) {
  auto* cluster = app.add_subcommand(
      "cluster", "commands about a supervisor and its workers");
  cluster->require_subcommand(1);
  auto* status = cluster->add_subcommand(
      "status", "lists the workers, their load, leases and versions");
  add_connection(*status, chosen);
  status->add_flag("--json", chosen.json, "write one line of JSON");
}

}  // namespace

int main(int count, char** words) {
  CLI::App app{"Shows what runs in a Troupe cluster, and what a store keeps.",
               "troupe"};
  app.require_subcommand(1);
  arguments chosen;
  add_cluster(app, chosen);
#ifdef TROUPE_HAS_STORE
  troupe_tool::store_arguments stored;
  troupe_tool::add_store_commands(app, stored);
#endif
  try {
    app.parse(count, words);
#ifdef TROUPE_HAS_STORE
    if (stored.command) return ended(troupe_tool::perform(stored));
#endif
    return ended(show_status(chosen));
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) return ended(app.exit(fault));
    std::cerr << "troupe: " << troupe::printable(fault.what())
              << "\nRun with --help for more information.\n";
    return 2;
  } catch (const std::exception& fault) {
    std::cerr << "troupe: " << troupe::printable(fault.what()) << '\n';
    return 1;
  }
}
