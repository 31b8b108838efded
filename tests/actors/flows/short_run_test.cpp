#include "actor/deferred_start.hpp"
#include "support/actors/both_ways.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::state;
using troupe::detail::deferred_start;
using troupe::detail::deferred_starts;

namespace {

/// A start of nothing.
class no_start final : public deferred_start {
 public:
  void begin(troupe::detail::exec_ctx*) noexcept override {}
};

struct counts {
  std::shared_ptr<std::latch> left;
  void exec() const { left->count_down(); }
};

struct says_its_thread {
  std::shared_ptr<std::atomic<std::thread::id>> seen;
  void exec() const { seen->store(std::this_thread::get_id()); }
};

/// Starts `inner` and waits for it.
struct starts_one {
  troupe::system* on;
  troupe::flow inner;
  troupe::task<bool> exec() const {
    const auto run = on->start(inner);
    const auto ended = co_await run;
    co_return ended.ok();
  }
  void post(state& shared, bool ok) const { shared["ok"] = ok; }
};

}  // namespace

TEST_CASE("A deferred start goes to the first that takes it", "[short_run]") {
  deferred_starts waiting;
  const auto first = std::make_shared<no_start>();
  const auto second = std::make_shared<no_start>();
  waiting.add(first);
  waiting.add(second);
  CHECK(waiting.size() == 2);
  CHECK(first->take_back());
  CHECK_FALSE(first->take_back());
  CHECK(waiting.take(troupe::time_point::max()) == second);
  CHECK_FALSE(second->take_back());
  CHECK(waiting.take(troupe::time_point::max()) == nullptr);
  CHECK(waiting.size() == 0);
  CHECK(waiting.added() == 2);
}

TEST_CASE("A start that is too young is left to who may wait for its end",
          "[short_run]") {
  deferred_starts waiting;
  const auto before = troupe::clock::steady().now() - 1ns;
  waiting.add(std::make_shared<no_start>());
  CHECK_FALSE(waiting.is_due(before));
  CHECK(waiting.take(before) == nullptr);
  CHECK(waiting.is_due(troupe::time_point::max()));
  CHECK(waiting.take(troupe::time_point::max()) != nullptr);
}

TEST_CASE("A start in the list is kept alive and let go with it",
          "[short_run]") {
  auto kept = std::make_shared<no_start>();
  const std::weak_ptr<no_start> seen = kept;
  {
    deferred_starts waiting;
    waiting.add(std::move(kept));
    CHECK_FALSE(seen.expired());
  }
  CHECK(seen.expired());
}

TEST_CASE("Runs that nobody waits for begin all the same", "[short_run]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  troupe::system sys{{.threads = threads}};
  // The first wakes a worker, the last are left to those that look.
  for (int round = 0; round < 20; ++round) {
    const auto left = std::make_shared<std::latch>(10);
    const auto work = one_node(counts{left});
    for (int i = 0; i < 10; ++i) static_cast<void>(sys.start(work));
    left->wait();
  }
}

TEST_CASE("Runs begin while a node holds the only thread that was awake",
          "[short_run]") {
  troupe::system sys{{.threads = 2, .watchdog = 1h}};
  const auto left = std::make_shared<std::latch>(1);
  struct waits_for_other {
    std::shared_ptr<std::latch> left;
    void exec() const { left->wait(); }
  };
  const auto held = sys.start(one_node(waits_for_other{left}));
  static_cast<void>(sys.start(one_node(counts{left})));
  left->wait();
  CHECK(held.get().ok());
}

TEST_CASE("Who waits for a run takes its turns", "[short_run]") {
  if (!TROUPE_CAF_1) {
    troupe::system sys{{.threads = 2}};
    const auto seen = std::make_shared<std::atomic<std::thread::id>>();
    const auto work = one_node(says_its_thread{seen});
    // A worker takes a start whose thread was held up.
    std::size_t tries = 0;
    do {
      CHECK(sys.start(work).get().ok());
    } while (seen->load() != std::this_thread::get_id() && ++tries < 10'000);
    CHECK(tries < 10'000);
  }
}

TEST_CASE("A run that waits goes on elsewhere and ends for who waits",
          "[short_run]") {
  const auto how = both_ways();
  troupe::system sys{{.threads = 2, .turns = how}};
  struct pauses {
    troupe::task<> exec() const { co_await troupe::sleep_for(1ms); }
  };
  CHECK(sys.start(one_node(pauses{})).get().ok());
  const auto all = troupe::batch("all", one_node(pauses{}), numbered(100),
                                 {.concurrency = 100});
  CHECK(sys.start(all).get().ok());
}

TEST_CASE("A run started by a node begins when the node waits for it",
          "[short_run]") {
  const auto how = both_ways();
  const auto threads = GENERATE(1U, 2U);
  troupe::system sys{{.threads = threads, .turns = how}};
  const auto inner = one_node([](state& shared) { shared["n"] = 1; });
  for (int i = 0; i < 100; ++i) {
    const auto ended = sys.start(one_node(starts_one{&sys, inner})).get();
    REQUIRE(ended.ok());
    CHECK(ended.state.at("ok") == true);
  }
}

TEST_CASE("Runs end once each, however they are waited for", "[short_run]") {
  const auto how = both_ways();
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  std::atomic<int> ended{0};
  constexpr int callers = 4;
  constexpr int rounds = 400;
  {
    troupe::system sys{{.threads = threads, .turns = how}};
    const auto work =
        troupe::batch("all", one_node([&ended](state&) { ended.fetch_add(1); }),
                      numbered(3), {.concurrency = 3});
    std::vector<std::thread> all;
    for (int caller = 0; caller < callers; ++caller) {
      all.emplace_back([&sys, &work, caller] {
        for (int i = 0; i < rounds; ++i) {
          const auto run = sys.start(work);
          switch ((i + caller) % 5) {
            case 0:
              static_cast<void>(run.get());
              break;
            case 1:
              static_cast<void>(run.wait_for(1h));
              break;
            case 2:
              while (run.events().next()) {
              }
              break;
            case 3:
              while (!run.done()) std::this_thread::yield();
              break;
            default:
              break;  // Nobody waits.
          }
        }
      });
    }
    for (auto& each : all) each.join();
  }
  CHECK(ended.load() == callers * rounds * 3);
}

TEST_CASE("A run may be cancelled before it begins", "[short_run]") {
  troupe::system sys{{.threads = 2}};
  for (int i = 0; i < 1000; ++i) {
    const auto run = sys.start(one_node([](state&) {}));
    run.cancel();
    const auto ended = run.get();
    CHECK((ended.ok() || ended.failure->code() == troupe::errc::cancelled));
  }
}
