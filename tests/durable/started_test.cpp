// Runs that the nodes of durable runs start, and find again.

#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/small_lives.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::state;

namespace {

struct counts_runs {
  int* calls;
  void exec() const { ++*calls; }
};

/// The flow of the runs that are started.
troupe::flow counted(int* calls) {
  troupe::flow_builder inner{"inner"};
  inner.add("count", counts_runs{calls}) >> inner.add("sleep", sleeps{1h});
  return inner.build();
}

/// The ids of the runs of a store.
std::set<std::string> ids_in(memory_store& store) {
  std::set<std::string> ids;
  for (const auto& each : store.reader()->list({})) ids.insert(each.id);
  return ids;
}

/// The system in which nodes start their runs, set in each life.
struct place {
  troupe::system* in = nullptr;
  /// Another one in each life.
  int time = 0;
};

/// Runs `work` in a life that dies after `commits` commits, and in another
/// one. Returns what is in the store, or nothing if it has ended before.
std::shared_ptr<memory_store> two_lives(const troupe::flow& work,
                                        const troupe::flow& child, place& at,
                                        std::size_t commits,
                                        troupe::turns turns) {
  auto options = knowing(work);
  options.flows.push_back(child);
  options.turns = turns;
  std::shared_ptr<memory_store> left;
  at.time = 1;
  {
    life first{std::make_shared<memory_store>(), options};
    at.in = &first.system();
    auto run = first.sim().start(work, state{}, {.id = "r"});
    if (first.commit(commits) < commits || run.done()) return nullptr;
    left = first.crash();
    run.cancel();
    first.finish(run);
  }
  at.time = 2;
  life second{left, options};
  at.in = &second.system();
  std::optional<troupe::run> whole;
  for (auto& each : second.system().resume_all()) {
    INFO(each.why);
    REQUIRE(each.handle);
    if (each.id == "r") whole = each.handle;
  }
  if (whole) {
    const auto result = second.finish(*whole);
    if (!result.ok()) FAIL(result.failure->message());
  }
  while (second.commit()) {
  }
  return left;
}

struct starts_after_wait {
  const place* at;
  troupe::flow child;

  troupe::task<void> exec() const {
    troupe::sleep_for pause{1s};
    co_await pause;
    const auto started = at->in->start(child);
    const auto result = co_await started;
    if (!result.ok()) throw troupe::error{*result.failure};
  }
};

struct starts_in_call {
  const place* at;
  troupe::flow child;

  void exec() const { at->in->start(child); }
};

struct starts_with_time {
  const place* at;
  troupe::flow child;

  troupe::task<void> exec() const {
    const auto started = at->in->start(child, state{{"time", at->time}});
    const auto result = co_await started;
    if (!result.ok()) throw troupe::error{*result.failure};
  }
};

/// Starts a run for each item, which waits as long as the item says.
struct starts_for_items {
  const place* at;
  troupe::flow child;

  std::vector<int> prep() const { return {3, 1, 2}; }
  troupe::task<int> exec(int item) const {
    troupe::sleep_for pause{std::chrono::minutes{item}};
    co_await pause;
    const auto started = at->in->start(child);
    const auto result = co_await started;
    if (!result.ok()) throw troupe::error{*result.failure};
    co_return item;
  }
};

/// Checks that the same runs are there wherever the process dies, and that
/// each was executed once.
template <class Node>
void check_started(Node (*make)(const place*, troupe::flow),
                   const std::set<std::string>& ids,
                   troupe::node_options options = {}) {
  const auto turns =
      GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  for (std::size_t commits = 1;; ++commits) {
    INFO("after " << commits << " commits");
    int calls = 0;
    place at;
    const auto child = counted(&calls);
    const auto work = one_node(make(&at, child), options);
    const auto left = two_lives(work, child, at, commits, turns);
    if (!left) {
      CHECK(commits > ids.size());
      break;
    }
    CHECK(ids_in(*left) == ids);
    // The one that was at work when its process died counts again.
    CHECK(calls >= static_cast<int>(ids.size()) - 1);
    CHECK(calls <= 2 * (static_cast<int>(ids.size()) - 1));
  }
}

}  // namespace

TEST_CASE("A run that is started after a wait is found again", "[durable]") {
  check_started<starts_after_wait>(
      [](const place* at, troupe::flow child) {
        return starts_after_wait{at, std::move(child)};
      },
      {"r", "r~0~inner~0"});
}

TEST_CASE("A run that a blocking call starts is found again", "[durable]") {
  troupe::node_options options;
  options.threads = troupe::threads::blocking;
  check_started<starts_in_call>(
      [](const place* at, troupe::flow child) {
        return starts_in_call{at, std::move(child)};
      },
      {"r", "r~0~inner~0"}, options);
}

TEST_CASE("A run is found again although it would get another input now",
          "[durable]") {
  check_started<starts_with_time>(
      [](const place* at, troupe::flow child) {
        return starts_with_time{at, std::move(child)};
      },
      {"r", "r~0~inner~0"});
}

TEST_CASE("Each item of a batch node finds its own run again", "[durable]") {
  check_started<troupe::detail::each_node<starts_for_items>>(
      [](const place* at, troupe::flow child) {
        return troupe::each(starts_for_items{at, std::move(child)}, {3});
      },
      {"r", "r~0.0~inner~0", "r~0.1~inner~0", "r~0.2~inner~0"});
}
