// Runs recorded flows and compares what happens with what the original did:
// through the actors, with turns in place and by message, through the machine
// alone, with each exec in a worker process, or durably, with a new system
// after every step.

#include "replay/durable_lives.hpp"
#include "replay/observe.hpp"
#include "replay/recorded_case.hpp"
#include "replay/scripted_flow.hpp"
#include "replay/worker_processes.hpp"
#include "support/actors/bare_runner.hpp"

#include <troupe/system.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace troupe::replay;
using troupe::json;

/// Runs a case; returns its end, if it ended.
using driver = std::function<std::optional<observation>(
    const recorded_case&, const std::shared_ptr<trace>&)>;

std::optional<observation> by_machine(const recorded_case& from,
                                      const std::shared_ptr<trace>& seen) {
  auto ended = troupe::testing_support::run_bare(
      make_flow(from, seen), from.shared,
      {.params = from.params, .steps_max = from.step_budget});
  observation shown;
  shown.ok = !ended.failure;
  if (ended.failure) shown.error = ended.failure->message();
  shown.action = ended.action.name();
  shown.shared = ended.state.to_json();
  shown.missing_edges = ended.missing_edges;
  shown.trace = seen->take();
  return shown;
}

std::optional<observation> by_actors(troupe::system& system,
                                     const recorded_case& from,
                                     const std::shared_ptr<trace>& seen) {
  const auto shown = observe(system, make_flow(from, seen), from);
  static_cast<void>(seen->take());
  return shown;
}

template <class T>
std::string expected_and_got(const T& expected, const T& got) {
  return "expected " + json(expected).dump() + ", got " + json(got).dump();
}

std::string difference_in_trace(const std::vector<json>& expected,
                                const std::vector<json>& got) {
  const auto size = std::max(expected.size(), got.size());
  for (std::size_t i = 0; i < size; ++i) {
    const json wanted = i < expected.size() ? expected[i] : json{};
    const json found = i < got.size() ? got[i] : json{};
    if (wanted != found) {
      return "trace, entry " + std::to_string(i) + ": " +
             expected_and_got(wanted, found);
    }
  }
  return {};
}

/// Drops the entries of `got` that are more than `expected` has of them. Both
/// are sorted.
void drop_repeated(const std::vector<json>& expected, std::vector<json>& got) {
  std::vector<json> kept;
  auto next = expected.begin();
  for (auto& each : got) {
    const bool is_repeated = !kept.empty() && kept.back() == each &&
                             (next == expected.end() || *next != each);
    if (is_repeated) continue;
    if (next != expected.end()) ++next;
    kept.push_back(std::move(each));
  }
  got = std::move(kept);
}

/// The first difference; empty if there is none.
std::string difference(const recorded_case& from, observation got) {
  auto expected = from.expected;
  if (expected.ok != got.ok) {
    return "outcome: " +
           expected_and_got<std::string>(expected.ok ? "ok" : "error",
                                         got.ok ? "ok" : "error: " + got.error);
  }
  if (expected.error != got.error) {
    return "error: " + expected_and_got(expected.error, got.error);
  }
  if (expected.action != got.action) {
    return "action: " + expected_and_got(expected.action, got.action);
  }
  if (expected.shared && *expected.shared != *got.shared) {
    return "shared: " + expected_and_got(*expected.shared, *got.shared);
  }
  if (expected.trace) {
    if (from.is_unordered || got.is_unordered) {
      std::sort(expected.trace->begin(), expected.trace->end());
      std::sort(got.trace->begin(), got.trace->end());
    }
    if (got.may_repeat) drop_repeated(*expected.trace, *got.trace);
    auto found = difference_in_trace(*expected.trace, *got.trace);
    if (!found.empty()) return found;
  }
  const auto missing =
      got.may_warn_again && expected.missing_edges
          ? std::max(*expected.missing_edges, *got.missing_edges)
          : expected.missing_edges;
  if (missing && *missing != *got.missing_edges) {
    return "missing edges: " +
           expected_and_got(*expected.missing_edges, *got.missing_edges);
  }
  return {};
}

/// Returns the first difference, with the name of the driver; empty if there is
/// none.
std::string replay(const recorded_case& from,
                   const std::vector<std::pair<std::string, driver>>& drivers) {
  if (from.overwritten_edges != from.overwritten_edges_expected) {
    return "overwritten edges: " +
           expected_and_got(from.overwritten_edges_expected,
                            from.overwritten_edges);
  }
  for (const auto& [name, run] : drivers) {
    std::string found;
    try {
      const auto got = run(from, std::make_shared<trace>());
      found = got ? difference(from, *got) : "the run does not end";
    } catch (const std::exception& why) {
      found = std::string{"could not be run: "} + why.what();
    }
    if (!found.empty()) return name + ": " + found;
  }
  return {};
}

int replay_all(const std::vector<recorded_case>& cases,
               const std::vector<std::pair<std::string, driver>>& drivers) {
  std::size_t failed = 0;
  for (const auto& each : cases) {
    const auto found = replay(each, drivers);
    if (found.empty()) continue;
    ++failed;
    std::cout << each.name << ": " << found << std::endl;
  }
  std::cout << cases.size() - failed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

struct arguments_given {
  std::vector<std::string> files;
  std::size_t workers = 0;
  /// The supervisor, of a process that is a worker.
  std::string serve;
  /// The file of the store for durable runs; empty for others.
  std::string store;
  bool restarts = false;
};

[[noreturn]] void refuse_usage() {
  throw std::runtime_error{
      "usage: replay_traces [--workers N | --store FILE --restart-every-step] "
      "[FILE...]"};
}

arguments_given read_arguments(int count, char** arguments) {
  arguments_given chosen;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    if (word == "--workers" && i + 1 < count) {
      chosen.workers = std::stoul(arguments[++i]);
    } else if (word == "--serve" && i + 1 < count) {
      chosen.serve = arguments[++i];
    } else if (word == "--store" && i + 1 < count) {
      chosen.store = arguments[++i];
    } else if (word == "--restart-every-step") {
      chosen.restarts = true;
    } else if (word.starts_with("--")) {
      refuse_usage();
    } else {
      chosen.files.push_back(word);
    }
  }
  if (chosen.restarts == chosen.store.empty()) refuse_usage();
  if (chosen.files.empty()) {
    for (const auto& each :
         std::filesystem::directory_iterator{TROUPE_TRACES}) {
      chosen.files.push_back(each.path().string());
    }
    std::sort(chosen.files.begin(), chosen.files.end());
  }
  return chosen;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    auto chosen = read_arguments(count, arguments);
    std::vector<recorded_case> cases;
    for (const auto& file : chosen.files) {
      auto more = read_cases(file);
      cases.insert(cases.end(), std::move_iterator{more.begin()},
                   std::move_iterator{more.end()});
    }
    if (!chosen.serve.empty()) {
      serve(cases, chosen.serve);
      return 0;
    }
    if (chosen.workers > 0) {
      const worker_processes workers{chosen.workers, chosen.files};
      return replay_all(cases, {{"workers", [&](const auto& from, const auto&) {
                                   return workers.run(from);
                                 }}});
    }
    if (!chosen.store.empty()) {
      durable_lives lives{chosen.store};
      const int status = replay_all(
          cases, {{"durably", [&](const auto& from, const auto& seen) {
                     return lives.run(from, seen);
                   }}});
      std::cout << lives.deaths() << " restarts\n";
      return status;
    }
    troupe::system in_place{{.turns = troupe::turns::in_place}};
    troupe::system by_message{{.turns = troupe::turns::by_message}};
    return replay_all(
        cases, {{"machine", by_machine},
                {"actors, in place",
                 [&](const auto& from, const auto& seen) {
                   return by_actors(in_place, from, seen);
                 }},
                {"actors, by message", [&](const auto& from, const auto& seen) {
                   return by_actors(by_message, from, seen);
                 }}});
  } catch (const std::exception& why) {
    std::cerr << "replay_traces: " << why.what() << '\n';
    return 2;
  }
}
