// The command line of Troupe: looks at what runs elsewhere.

#include "cluster_table.hpp"

#include <troupe/remote/status.hpp>
#include <troupe/system.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace {

namespace remote = troupe::remote;

struct arguments {
  std::string supervisor;
  bool json = false;
  double seconds = 5;
  remote::tls_options tls;
};

void add_connection(CLI::App& app, arguments& chosen) {
  app.add_option("--connect", chosen.supervisor, "where the supervisor listens")
      ->type_name("HOST:PORT")
      ->required();
  app.add_option("--timeout", chosen.seconds,
                 "the longest to wait for an answer, in seconds")
      ->check(CLI::Range(0.1, 3600.0));
  auto* certificate =
      app.add_option("--cert", chosen.tls.certificate,
                     "for TLS, which other machines need: what to show")
          ->type_name("FILE");
  auto* key =
      app.add_option("--key", chosen.tls.key, "the key that goes with it")
          ->type_name("FILE");
  auto* authorities = app.add_option("--ca", chosen.tls.authorities,
                                     "whose certificates to trust")
                          ->type_name("FILE");
  auto* peers = app.add_option("--peer", chosen.tls.peers,
                               "a name that the supervisor may have; may be "
                               "given again")
                    ->type_name("NAME");
  certificate->needs(key)->needs(authorities)->needs(peers);
  for (auto* each : {key, authorities, peers}) each->needs(certificate);
}

int show_status(const arguments& chosen) {
  remote::network_options network;
  if (!chosen.tls.certificate.empty()) network.tls = chosen.tls;
  troupe::system_options options;
  options.threads = 1;
  options.prepare = remote::network(network);
  troupe::system system{options};
  const auto limit = std::chrono::duration_cast<troupe::duration>(
      std::chrono::duration<double>{chosen.seconds});
  const auto report = remote::status_of(
      system, remote::endpoint::from(chosen.supervisor), limit);
  if (chosen.json) {
    std::cout << report.dump() << '\n';
  } else {
    std::cout << troupe_tool::cluster_table(report);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  CLI::App app{"Looks at what Troupe runs.", "troupe"};
  app.require_subcommand(1);
  auto* cluster = app.add_subcommand("cluster", "a supervisor and its workers");
  cluster->require_subcommand(1);
  arguments chosen;
  auto* status = cluster->add_subcommand(
      "status", "lists the workers, their load, leases and versions");
  add_connection(*status, chosen);
  status->add_flag("--json", chosen.json, "write one line of JSON");
  try {
    app.parse(count, words);
    return show_status(chosen);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault) == 0 ? 0 : 2;
  } catch (const std::exception& fault) {
    std::cerr << "troupe: " << fault.what() << '\n';
    return 1;
  }
}
