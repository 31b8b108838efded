#include "actor/lite_actor.hpp"
#include "support/actors/actor_system.hpp"
#include "support/actors/counted_payload.hpp"
#include "support/actors/manual_home.hpp"
#include "support/actors/scripted_actor.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

using namespace troupe::detail;
using troupe::testing_support::actor_home;
using troupe::testing_support::counted_payload;
using troupe::testing_support::manual_home;
using troupe::testing_support::poke;
using troupe::testing_support::scripted_actor;

TEST_CASE("Work from another thread wakes the owner of a manual queue",
          "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  bool is_poked = false;
  actor->receive = [&](poke&) { is_poked = true; };

  std::thread other{[&] { send_to(*actor, poke{}); }};
  CHECK(home.queue.wait_for_work(std::chrono::minutes{1}));
  home.queue.run();
  other.join();
  CHECK(is_poked);
}

TEST_CASE("Many threads may send to one actor", "[lite_actor]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  constexpr std::uint32_t each = 20'000;
  std::atomic<int> alive{0};
  actor_home home{threads};
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
  std::vector<std::uint32_t> next(threads, 0);
  std::uint32_t count = 0;
  bool in_order = true;
  std::promise<void> is_done;
  actor->receive = [&](poke& got) {
    in_order = in_order && got.number == next[got.slot]++;
    if (++count == each * threads) {
      is_done.set_value();
    }
  };

  std::vector<std::thread> senders;
  for (std::uint32_t slot = 0; slot < threads; ++slot) {
    senders.emplace_back([&, slot] {
      for (std::uint32_t i = 0; i < each; ++i) {
        send_to(*actor,
                poke{slot, i, caf::make_counted<counted_payload>(alive)});
      }
    });
  }
  is_done.get_future().wait();
  for (auto& sender : senders) {
    sender.join();
  }
  CHECK(in_order);
  CHECK(count == each * threads);
}

TEST_CASE("An actor may end while many threads send to it", "[lite_actor]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  const auto before = lite_actor::live();
  std::atomic<int> alive{0};
  std::atomic<int> stops{0};
  {
    actor_home home{threads};
    for (int round = 0; round < 200; ++round) {
      const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
      actor->receive = [self = actor.get()](poke& got) {
        if (got.number == 20) {
          self->quit();
        }
      };
      actor->stop = [&](const caf::error&) { ++stops; };
      std::vector<std::thread> senders;
      for (unsigned i = 0; i < threads; ++i) {
        senders.emplace_back([&] {
          for (std::uint32_t n = 0; n < 40; ++n) {
            send_to(*actor,
                    poke{0, n, caf::make_counted<counted_payload>(alive)});
          }
        });
      }
      for (auto& sender : senders) {
        sender.join();
      }
    }
  }
  CHECK(stops == 200);
  CHECK(alive == 0);
  CHECK(lite_actor::live() == before);
}
