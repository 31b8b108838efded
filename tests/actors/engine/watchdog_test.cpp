#include "core/watchdog.hpp"

#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;

namespace {

/// Stands for a call that holds its thread for so long: the watchdog looks,
/// and then looks again after `held` by a clock of its own.
struct holds_thread {
  troupe::system* sys;
  troupe::duration held;
  int times = 1;

  int exec() const {
    auto& dog = sys->core().dog();
    // Ahead of the real time, at which the watchdog's own thread looks.
    auto now = troupe::clock::steady().now() + 1h;
    dog.look(now);
    for (int i = 0; i < times; ++i) dog.look(now += held);
    return 1;
  }
};

std::vector<troupe::event> warnings_of(const troupe::run& run) {
  std::vector<troupe::event> found;
  for (const auto& each : events_of(run)) {
    if (each.kind == troupe::event_kind::warning) found.push_back(each);
  }
  return found;
}

}  // namespace

TEST_CASE("A node that holds a thread is told once", "[watchdog]") {
  // Long, so that a slow machine does not tell by itself.
  troupe::system sys{{.threads = 1, .watchdog = 10min}};
  const auto run = sys.start(one_node(holds_thread{&sys, 11min, 3}));
  CHECK(run.get().ok());
  const auto warnings = warnings_of(run);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].run == run.id());
  CHECK(warnings[0].node == "only");
  CHECK(has(warnings[0].text, "for more than 600000 ms"));
}

TEST_CASE("A node that is quick enough is not told", "[watchdog]") {
  troupe::system sys{{.threads = 1, .watchdog = 10min}};
  const auto run = sys.start(one_node(holds_thread{&sys, 9min}));
  CHECK(run.get().ok());
  CHECK(warnings_of(run).empty());
}

TEST_CASE("A blocking call that waits for a thread is told once",
          "[watchdog]") {
  struct holds {
    std::shared_future<void> end;
    void exec() const { end.wait(); }
  };
  std::promise<void> end;
  const holds node{end.get_future().share()};
  troupe::system sys{
      {.threads = 1, .blocking_threads_max = 1, .watchdog = 10min}};
  const troupe::node_options options{.threads = troupe::blocking};
  const auto first = sys.start(one_node(node, options));
  while (sys.core().blocking().running() == 0) std::this_thread::yield();
  const auto second = sys.start(troupe::batch("all", one_node(node, options),
                                              numbered(3), {.concurrency = 3}));
  while (sys.core().blocking().waiting() < 3) std::this_thread::yield();
  const auto now = troupe::clock::steady().now();
  sys.core().dog().look(now + 9min);
  sys.core().dog().look(now + 11min);
  sys.core().dog().look(now + 20min);
  end.set_value();
  CHECK(first.get().ok());
  CHECK(second.get().ok());
  CHECK(warnings_of(first).empty());
  const auto warnings = warnings_of(second);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].run == second.id());
  CHECK(warnings[0].node == "only");
  CHECK(has(warnings[0].text, "for more than 600000 ms"));
  CHECK(has(warnings[0].text, "nor have 2 more calls of the run"));
  CHECK(has(warnings[0].text, "all of its 1 threads are busy"));
}

TEST_CASE("A node that may block is not told", "[watchdog]") {
  struct blocks : holds_thread {
    std::shared_ptr<std::promise<void>> go_on;
    int exec() const {
      go_on->get_future().wait();
      return holds_thread::exec();
    }
  };
  troupe::system sys{{.threads = 1, .watchdog = 10min}};
  const auto go_on = std::make_shared<std::promise<void>>();
  const auto run = sys.start(
      one_node(blocks{{&sys, 11min}, go_on}, {.threads = troupe::blocking}));
  // Runs on the same thread, so the turn of the first run is over by then.
  const auto other =
      sys.start(one_node([go_on](troupe::state&) { go_on->set_value(); }));
  CHECK(other.get().ok());
  CHECK(run.get().ok());
  CHECK(warnings_of(run).empty());
}
