#include "old_caf/worker_scheduler.hpp"

#include "support/actors/actor_system.hpp"
#include "support/actors/scripted_actor.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <latch>
#include <set>
#include <thread>
#include <vector>

// These hold for Troupe's scheduler as for the one of CAF 1.x.
using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::testing_support::actor_home;
using troupe::testing_support::poke;
using troupe::testing_support::scripted_actor;

namespace {

/// A plain actor that answers numbers, one after a moment.
class echo : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

 private:
  caf::behavior make_behavior() override {
    return {[](std::int32_t number) { return number; }};
  }
};

}  // namespace

TEST_CASE("Every actor that is woken gets a turn", "[worker_scheduler]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  constexpr int count = 20'000;
  const auto before = lite_actor::live();
  {
    actor_home home{threads};
    std::latch is_done{2 * count};
    const auto root = spawn_lite<scripted_actor>(home.at, nullptr);
    // Half are woken by an actor, half from outside.
    const auto make = [&](exec_ctx* from) {
      const auto leaf = spawn_lite<scripted_actor>(home.at, from);
      leaf->receive = [&is_done, self = leaf.get()](poke&) {
        is_done.count_down();
        self->quit();
      };
      send_to(*leaf, poke{}, from);
    };
    root->receive = [&](poke&) {
      for (int i = 0; i < count; ++i) {
        make(root->context());
      }
    };
    send_to(*root, poke{});
    for (int i = 0; i < count; ++i) {
      make(nullptr);
    }
    is_done.wait();
  }
  CHECK(lite_actor::live() == before);
}

TEST_CASE("Workers without work take from one that has more",
          "[worker_scheduler]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  actor_home home{threads};
  // All of them must run at once to get past this.
  std::latch together{static_cast<std::ptrdiff_t>(threads)};
  std::latch is_done{static_cast<std::ptrdiff_t>(threads)};
  std::vector<std::thread::id> ran_on(threads);
  const auto root = spawn_lite<scripted_actor>(home.at, nullptr);
  root->receive = [&](poke&) {
    for (unsigned i = 0; i < threads; ++i) {
      const auto leaf = spawn_lite<scripted_actor>(home.at, root->context());
      leaf->receive = [&, i](poke&) {
        ran_on[i] = std::this_thread::get_id();
        together.arrive_and_wait();
        is_done.count_down();
      };
      send_to(*leaf, poke{}, root->context());
    }
  };

  send_to(*root, poke{});
  is_done.wait();
  CHECK(std::set(ran_on.begin(), ran_on.end()).size() == threads);
}

TEST_CASE("Two actors that wake each other do not keep out a third",
          "[worker_scheduler]") {
  actor_home home{1};
  const auto one = spawn_lite<scripted_actor>(home.at, nullptr);
  const auto two = spawn_lite<scripted_actor>(home.at, nullptr);
  const auto third = spawn_lite<scripted_actor>(home.at, nullptr);
  std::atomic<bool> is_over{false};
  std::promise<void> third_ran;
  std::promise<void> pair_is_done;
  one->receive = [&](poke&) {
    if (is_over) {
      pair_is_done.set_value();
    } else {
      send_to(*two, poke{}, one->context());
    }
  };
  two->receive = [&](poke&) { send_to(*one, poke{}, two->context()); };
  third->receive = [&](poke&) { third_ran.set_value(); };

  send_to(*one, poke{});
  send_to(*third, poke{});
  third_ran.get_future().wait();
  is_over = true;
  pair_is_done.get_future().wait();
  SUCCEED();
}

TEST_CASE("An actor with much to do does not keep out others",
          "[worker_scheduler]") {
  actor_home home{1};
  const auto busy = spawn_lite<scripted_actor>(home.at, nullptr);
  const auto other = spawn_lite<scripted_actor>(home.at, nullptr);
  std::atomic<bool> is_over{false};
  std::promise<void> other_ran;
  std::promise<void> busy_is_done;
  busy->receive = [&](poke&) { busy->again(); };
  busy->turn = [&] {
    if (is_over) {
      busy_is_done.set_value();
    } else {
      busy->again();
    }
  };
  other->receive = [&](poke&) { other_ran.set_value(); };

  send_to(*busy, poke{});
  send_to(*other, poke{});
  other_ran.get_future().wait();
  is_over = true;
  busy_is_done.get_future().wait();
  SUCCEED();
}

TEST_CASE("Messages go round many actors on all workers",
          "[worker_scheduler]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  constexpr std::size_t actors = 50;
  constexpr std::uint32_t tokens = 20;
  constexpr std::uint32_t hops = 2'000;
  actor_home home{threads};
  std::latch is_done{static_cast<std::ptrdiff_t>(tokens)};
  std::vector<lite_ptr<scripted_actor>> ring;
  for (std::size_t i = 0; i < actors; ++i) {
    ring.push_back(spawn_lite<scripted_actor>(home.at, nullptr));
  }
  for (std::size_t i = 0; i < actors; ++i) {
    ring[i]->receive = [&, i](poke& token) {
      if (token.number == 0) {
        is_done.count_down();
      } else {
        send_to(*ring[(i + 1) % actors], poke{0, token.number - 1},
                ring[i]->context());
      }
    };
  }

  for (std::uint32_t i = 0; i < tokens; ++i) {
    send_to(*ring[i], poke{0, hops});
  }
  is_done.wait();
  SUCCEED();
}

TEST_CASE("Plain actors run beside lite ones", "[worker_scheduler]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  actor_home home{threads};
  caf::scoped_actor self{home.system};
  std::vector<caf::actor> echoes;
  for (int i = 0; i < 20; ++i) {
    echoes.push_back(home.system.spawn<echo>());
  }

  std::int32_t sum = 0;
  for (std::int32_t i = 0; i < 200; ++i) {
    request(self.ptr(), echoes[static_cast<std::size_t>(i % 20)], i)
        .receive([&](std::int32_t number) { sum += number; },
                 [](const caf::error& why) { FAIL(to_string(why)); });
  }
  CHECK(sum == 199 * 100);
  for (const auto& each : echoes) {
    caf::anon_send_exit(each, caf::exit_reason::kill);
  }
}

TEST_CASE("A system may end while actors wait for a turn",
          "[worker_scheduler]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  const auto before = lite_actor::live();
  for (int round = 0; round < 10; ++round) {
    actor_home home{threads};
    std::promise<void> is_running;
    const auto root = spawn_lite<scripted_actor>(home.at, nullptr);
    root->receive = [&](poke&) {
      for (int i = 0; i < 1'000; ++i) {
        send_to(*spawn_lite<scripted_actor>(home.at, root->context()), poke{},
                root->context());
      }
      is_running.set_value();
    };
    send_to(*root, poke{});
    is_running.get_future().wait();
  }
  CHECK(lite_actor::live() == before);
}
