#include "actor/timer_service.hpp"

#include "actor/manual_queue.hpp"
#include "support/actors/actor_system.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::testing_support::actor_home;

namespace {

constexpr timer_service::time_point start{};

class sleeper : public lite_actor {
 public:
  using lite_actor::lite_actor;
  std::function<void(timer_due)> receive = [](timer_due) {};
  std::function<void()> stop = [] {};

 private:
  void on_timer_due(timer_due received) override { receive(received); }
  void on_stop(const caf::error&) noexcept override { stop(); }
};

/// Actors and time that move only when the test says so.
struct still_home : actor_home {
  still_home() : actor_home{1} { at.queue = &queue; }

  lite_ptr<sleeper> spawn() { return spawn_lite<sleeper>(at, nullptr); }

  manual_queue queue{system};
  timer_service timers{timer_service::clock::manual};
};

}  // namespace

TEST_CASE("A timer sends its slot and generation when it is due",
          "[timer_service]") {
  still_home home;
  const auto actor = home.spawn();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> got;
  actor->receive = [&](timer_due each) {
    got.emplace_back(each.slot, each.generation);
  };

  home.timers.arm(5ms, actor, 3, 77);
  CHECK(home.timers.advance_to(start + 4ms) == 0);
  CHECK(home.timers.advance_to(start + 5ms) == 1);
  CHECK(got.empty());
  home.queue.run();
  CHECK(got == std::vector<std::pair<std::uint32_t, std::uint32_t>>{{3, 77}});
}

TEST_CASE("A day passes in one call", "[timer_service]") {
  still_home home;
  const auto actor = home.spawn();
  std::string log;
  actor->receive = [&](timer_due each) {
    log += std::to_string(each.slot) + ' ';
    if (each.slot < 3) {
      home.timers.arm(24h, actor, each.slot + 1, 0);
    }
  };

  home.timers.arm(24h, actor, 1, 0);
  while (const auto due = home.timers.next_due()) {
    home.timers.advance_to(*due);
    home.queue.run();
  }
  CHECK(log == "1 2 3 ");
  CHECK(home.timers.now() == start + 72h);
}

TEST_CASE("A still clock never goes back", "[timer_service]") {
  still_home home;
  home.timers.advance_to(start + 10ms);
  home.timers.advance_to(start + 5ms);
  CHECK(home.timers.now() == start + 10ms);
}

TEST_CASE("A cancelled timer sends nothing", "[timer_service]") {
  still_home home;
  const auto actor = home.spawn();
  const auto id = home.timers.arm(5ms, actor, 0, 0);

  CHECK(home.timers.size() == 1);
  CHECK(home.timers.cancel(id));
  CHECK_FALSE(home.timers.cancel(id));
  CHECK_FALSE(home.timers.cancel({}));
  CHECK(home.timers.size() == 0);
  CHECK(home.timers.advance_to(start + 1h) == 0);
}

TEST_CASE("A wait without end can be armed", "[timer_service]") {
  still_home home;
  const auto actor = home.spawn();
  home.timers.advance_to(start + 1h);

  home.timers.arm(timer_service::duration::max(), actor, 0, 0);
  CHECK(home.timers.advance_to(start + 24h * 365) == 0);
  CHECK(home.timers.size() == 1);
}

TEST_CASE("A timer keeps its actor alive, and lets it go", "[timer_service]") {
  const auto before = lite_actor::live();
  still_home home;
  auto actor = home.spawn();
  const auto id = home.timers.arm(5ms, actor, 0, 0);
  actor = nullptr;
  REQUIRE(lite_actor::live() == before + 1);

  SECTION("when it fires") {
    home.timers.advance_to(start + 5ms);
    home.queue.run();
  }
  SECTION("when it is cancelled") { home.timers.cancel(id); }
  SECTION("when the service stops") { home.timers.stop(); }
  CHECK(lite_actor::live() == before);
}

TEST_CASE("An actor that ends with its timer may call the timers",
          "[timer_service]") {
  still_home home;
  auto actor = home.spawn();
  const auto id = home.timers.arm(5ms, actor, 0, 0);
  const auto other = home.timers.arm(6ms, home.spawn(), 0, 0);
  bool is_stopped = false;
  actor->stop = [&] {
    home.timers.cancel(other);
    is_stopped = true;
  };
  actor = nullptr;

  SECTION("while it is cancelled") { home.timers.cancel(id); }
  SECTION("while the service stops") { home.timers.stop(); }
  CHECK(is_stopped);
  CHECK(home.timers.size() == 0);
}

TEST_CASE("Nothing is armed after the end", "[timer_service]") {
  still_home home;
  const auto actor = home.spawn();
  home.timers.stop();

  CHECK_FALSE(home.timers.arm(5ms, actor, 0, 0));
  CHECK(home.timers.size() == 0);
  home.timers.stop();
}

TEST_CASE("The real clock fires, and never early", "[timer_service]") {
  actor_home home;
  timer_service timers;
  const auto actor = spawn_lite<sleeper>(home.at, nullptr);
  std::promise<timer_service::time_point> woken;
  actor->receive = [&](timer_due) { woken.set_value(timers.now()); };

  const auto due = timers.now() + 3ms;
  // One that is later must not hold up one that is earlier.
  const auto later = timers.arm(1h, actor, 1, 0);
  timers.arm(due, actor, 0, 0);
  CHECK(woken.get_future().get() >= due);
  CHECK(timers.cancel(later));
}

TEST_CASE("A time that has passed fires at once", "[timer_service]") {
  actor_home home;
  timer_service timers;
  const auto actor = spawn_lite<sleeper>(home.at, nullptr);
  std::promise<void> woken;
  actor->receive = [&](timer_due) { woken.set_value(); };

  timers.arm(timers.now() - 1h, actor, 0, 0);
  woken.get_future().wait();
  CHECK(timers.size() == 0);
}

TEST_CASE("Every timer of many threads is fired or cancelled, once",
          "[timer_service]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  constexpr int each = 5'000;
  const auto before = lite_actor::live();
  std::atomic<int> fired{0};
  std::atomic<int> cancelled{0};
  {
    actor_home home{threads};
    timer_service timers;
    std::vector<std::thread> users;
    for (unsigned i = 0; i < threads; ++i) {
      users.emplace_back([&] {
        const auto actor = spawn_lite<sleeper>(home.at, nullptr);
        actor->receive = [&](timer_due) {
          ++fired;
          fired.notify_all();
        };
        std::vector<troupe::timer_id> armed;
        for (int n = 0; n < each; ++n) {
          armed.push_back(
              timers.arm(std::chrono::microseconds(n % 3000), actor, 0, 0));
          if (n % 3 == 0 &&
              timers.cancel(armed[static_cast<std::size_t>(n) / 2])) {
            ++cancelled;
          }
        }
      });
    }
    for (auto& user : users) {
      user.join();
    }
    const auto expected = each * static_cast<int>(threads) - cancelled;
    for (auto now = fired.load(); now < expected; now = fired.load()) {
      fired.wait(now);
    }
    CHECK(fired == expected);
    CHECK(timers.size() == 0);
  }
  CHECK(lite_actor::live() == before);
}

TEST_CASE("Timers may be pending when everything ends", "[timer_service]") {
  const auto before = lite_actor::live();
  {
    actor_home home;
    timer_service timers;
    for (int i = 0; i < 1'000; ++i) {
      timers.arm(1h + std::chrono::milliseconds{i},
                 spawn_lite<sleeper>(home.at, nullptr), 0, 0);
    }
    CHECK(lite_actor::live() == before + 1'000);
  }
  CHECK(lite_actor::live() == before);
}
