// The process of the crash test: killed at any time by crash.py, and started
// again.

#include "mixed_flow.hpp"

#include <troupe/store.hpp>
#include <troupe/troupe.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <exception>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace {

struct arguments {
  std::string store;
  std::string effects = "/dev/null";
  std::string results;
  std::size_t runs = 8;
  std::uint64_t seed = 1;
  std::string sync = "normal";
  bool is_poisoned = false;
};

/// The status of a process that was asked to end.
constexpr int was_stopped = 3;

// Whoever started this may be killed itself, and then nobody would end it.
void end_with_parent() {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

troupe::json form_of(const troupe::outcome& how) {
  troupe::json made;
  made["state"] = how.state.to_json();
  made["action"] = std::string{how.action.name()};
  made["ok"] = how.ok();
  if (how.failure) made["failure"] = how.failure->describe();
  return made;
}

// Threads started later do not take it either.
sigset_t hold_back_stop() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  return stop;
}

// Returns whether all have ended before SIGTERM came.
bool wait_for(const std::vector<troupe::run>& all) {
  const auto stop = hold_back_stop();
  const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
  while (!std::all_of(all.begin(), all.end(),
                      [](const auto& each) { return each.done(); })) {
    if (sigtimedwait(&stop, nullptr, &pause) == SIGTERM) return false;
  }
  return true;
}

troupe::run start(troupe::system& on, const troupe::flow& work,
                  const std::string& id, const arguments& given,
                  std::uint64_t number) {
  troupe::run_options how;
  how.id = id;
  how.seed = number;
  how.durability = given.sync == "full" ? troupe::durability::full
                                        : troupe::durability::normal;
  troupe::state initial{{"n", number}};
  return on.start(work, std::move(initial), how);
}

// Goes on with what is there, starts what is not, and waits for all. Returns
// nothing if it was stopped.
std::optional<troupe::json> run_all(const arguments& given) {
  hold_back_stop();
  const auto notes = std::make_shared<const crash::effects>(given.effects);
  const auto where = std::make_shared<troupe::system*>(nullptr);
  const auto work = given.is_poisoned ? crash::child_flow(notes)
                                      : crash::mixed_flow(notes, where);
  const auto poison = crash::poisoned_flow(notes);
  troupe::system_options options;
  options.threads = 2;
  // The last turn of a loop has no edge, as is meant here.
  options.log = nullptr;
  if (!given.is_poisoned) {
    options.recoveries_max = std::numeric_limits<std::uint32_t>::max();
  }
  if (!given.store.empty()) {
    options.store = troupe::sqlite(given.store);
    options.flows = {work, crash::child_flow(notes), poison};
  }
  troupe::system on{std::move(options)};
  *where = &on;
  std::cout << "ready" << std::endl;
  troupe::json made = troupe::json::object();
  if (!given.store.empty()) {
    for (const auto& each : on.resume_all()) {
      if (each.how == troupe::resumed_run::kind::resumed) continue;
      made[each.id] = {{"left", to_string(each.how)}, {"why", each.why}};
    }
  }
  std::vector<troupe::run> started;
  if (given.is_poisoned && !made.contains("poison")) {
    started.push_back(start(on, poison, "poison", given, 0));
  }
  for (std::size_t i = 0; i < given.runs; ++i) {
    const auto id = "r" + std::to_string(i);
    if (made.contains(id)) continue;
    started.push_back(start(on, work, id, given, given.seed + i));
  }
  if (!wait_for(started)) return std::nullopt;
  for (const auto& each : started) made[each.id()] = form_of(each.get());
  return made;
}

void write_results(const std::string& path, const troupe::json& what) {
  std::ofstream to{path};
  to << troupe::write_json(what) << std::endl;
  if (!to) throw std::runtime_error{"'" + path + "' cannot be written"};
}

// Counts what a store keeps twice, and lists the runs that have not ended.
troupe::json look_into(const arguments& given) {
  const auto from = troupe::read_store(given.store);
  troupe::json twice = troupe::json::array();
  troupe::json open = troupe::json::array();
  troupe::json all = troupe::json::object();
  troupe::run_query every;
  every.limit = 1'000'000;
  for (const auto& run : from->list(every)) {
    all[run.id] = {{"status", to_string(run.status)},
                   {"recoveries", run.recoveries},
                   {"in_vain", run.recoveries_in_vain}};
    if (!troupe::is_over(run.status)) open.push_back(run.id);
    using entry = troupe::log_entry;
    std::map<std::tuple<entry::kind, std::string, std::uint64_t, std::uint64_t,
                        std::string>,
             int>
        seen;
    from->entries(
        run.id, 0, ~std::uint64_t{0}, [&](const troupe::stored_entry& each) {
          const auto& what = each.entry;
          if (what.what == entry::kind::attempt ||
              what.what == entry::kind::snapshot ||
              what.what == entry::kind::event ||
              what.what == entry::kind::effect_begun) {
            return true;
          }
          const auto name =
              what.what == entry::kind::effect_ended ? what.name : "";
          const int count =
              ++seen[{what.what, what.address, what.step, what.index, name}];
          if (count == 2) {
            twice.push_back(run.id + " " + std::string{to_string(what.what)} +
                            " " + what.address + "#" +
                            std::to_string(what.step));
          }
          return true;
        });
  }
  troupe::json faults = troupe::check_store(given.store);
  return {{"runs", all}, {"open", open}, {"twice", twice}, {"faults", faults}};
}

int run(int count, char** words) {
  CLI::App app{"The process of the crash test"};
  app.require_subcommand(1);
  arguments given;
  auto* work = app.add_subcommand("run", "Goes on with runs, until all ended");
  auto* look = app.add_subcommand("look", "Looks into a store");
  work->add_option("--store", given.store, "Nothing: without a store");
  look->add_option("--store", given.store, "The store")->required();
  work->add_option("--effects", given.effects, "Where effects are written to");
  work->add_option("--runs", given.runs, "Runs")->check(CLI::PositiveNumber);
  work->add_option("--seed", given.seed, "Of what the runs do");
  work->add_option("--sync", given.sync, "The faults that steps survive")
      ->check(CLI::IsMember({"normal", "full"}));
  work->add_flag("--poisoned", given.is_poisoned,
                 "Small runs, and one that kills its process");
  for (auto* each : {work, look}) {
    each->add_option("--results", given.results, "Where results are written to")
        ->required();
  }
  CLI11_PARSE(app, count, words);
  std::optional<troupe::json> made;
  if (work->parsed()) {
    made = run_all(given);
  } else {
    made = look_into(given);
  }
  if (!made) return was_stopped;
  write_results(given.results, *made);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  end_with_parent();
  try {
    return run(count, words);
  } catch (const std::exception& why) {
    std::cerr << "durable_crash: " << why.what() << "\n";
    return 2;
  }
}
