#include "actor/lite_actor.hpp"

#include "support/actors/actor_system.hpp"
#include "support/actors/counted_payload.hpp"
#include "support/actors/manual_home.hpp"
#include "support/actors/scripted_actor.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe::detail;
using troupe::testing_support::actor_home;
using troupe::testing_support::counted_payload;
using troupe::testing_support::manual_home;
using troupe::testing_support::poke;
using troupe::testing_support::scripted_actor;

TEST_CASE("An actor gets signals in the order they were sent", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<std::uint32_t> got;
  actor->receive = [&](poke& each) { got.push_back(each.number); };

  for (std::uint32_t i = 0; i < 100; ++i) {
    CHECK(send_to(*actor, poke{0, i}));
  }
  CHECK(got.empty());
  home.queue.run();
  REQUIRE(got.size() == 100);
  CHECK(std::is_sorted(got.begin(), got.end()));
}

TEST_CASE("A signal arrives with all that it carries", "[lite_actor]") {
  manual_home home;
  std::atomic<int> alive{0};
  const auto actor = home.spawn();
  int seen = 0;
  actor->receive = [&](poke& each) {
    CHECK(each.slot == 7);
    CHECK(each.number == 9);
    seen = dynamic_cast<counted_payload&>(*each.body).count;
  };

  send_to(*actor, poke{7, 9, caf::make_counted<counted_payload>(alive)});
  home.queue.run();
  CHECK(seen == 1);
  CHECK(alive == 0);
}

TEST_CASE("An actor starts once, before its first message", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::string log;
  actor->start = [&] { log += "start "; };
  actor->receive = [&](poke&) { log += "signal "; };

  send_to(*actor, poke{});
  send_to(*actor, poke{});
  home.queue.run();
  CHECK(log == "start signal signal ");
}

TEST_CASE("An actor can be started without a message", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  int starts = 0;
  actor->start = [&] { ++starts; };

  home.queue.run();
  CHECK(starts == 0);
  wake(*actor);
  wake(*actor);
  home.queue.run();
  CHECK(starts == 1);
}

TEST_CASE("An actor that quits is told why, once, and gets nothing more",
          "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<caf::error> reasons;
  int signals = 0;
  actor->receive = [&](poke&) {
    ++signals;
    actor->quit(caf::make_error(caf::exit_reason::kill));
    actor->quit();
  };
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  send_to(*actor, poke{});
  send_to(*actor, poke{});
  home.queue.run();
  CHECK(signals == 1);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::kill);
  CHECK_FALSE(send_to(*actor, poke{}));
  CHECK(home.queue.empty());
}

TEST_CASE("What waits for an actor that ends is let go", "[lite_actor]") {
  manual_home home;
  std::atomic<int> alive{0};
  const auto actor = home.spawn();
  actor->receive = [&](poke&) { actor->quit(); };

  for (int i = 0; i < 10; ++i) {
    send_to(*actor, poke{0, 0, caf::make_counted<counted_payload>(alive)});
  }
  CHECK(alive == 10);
  home.queue.run();
  CHECK(alive == 0);
  send_to(*actor, poke{0, 0, caf::make_counted<counted_payload>(alive)});
  CHECK(alive == 0);
}

TEST_CASE("An exception ends its actor, and watchers get its text",
          "[lite_actor]") {
  manual_home home;
  const auto watcher = home.spawn();
  const auto actor = home.spawn();
  std::string why;
  watcher->start = [&] { watcher->watch(actor->handle()); };
  watcher->down = [&](const caf::down_msg& down) {
    CHECK(down.source == actor->address());
    why = to_string(down.reason);
  };
  wake(*watcher);
  home.queue.run();

  SECTION("a std::exception") {
    actor->receive = [](poke&) { throw std::out_of_range{"no such thing"}; };
    send_to(*actor, poke{});
    home.queue.run();
    CHECK(why.find("runtime_error") != std::string::npos);
    CHECK(why.find("no such thing") != std::string::npos);
  }
  SECTION("anything else") {
    actor->receive = [](poke&) { throw 42; };
    send_to(*actor, poke{});
    home.queue.run();
    CHECK(why.find("not a std::exception") != std::string::npos);
  }
  SECTION("out of on_start") {
    actor->start = [] { throw std::out_of_range{"not even started"}; };
    wake(*actor);
    home.queue.run();
    CHECK(why.find("not even started") != std::string::npos);
  }
}

TEST_CASE("An exit message ends an actor", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<caf::error> reasons;
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  caf::anon_send_exit(actor->handle(), caf::exit_reason::kill);
  home.queue.run();
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::kill);
}

TEST_CASE("A linked actor ends with the other one", "[lite_actor]") {
  manual_home home;
  const auto one = home.spawn();
  const auto two = home.spawn();
  bool is_ended = false;
  two->stop = [&](const caf::error&) { is_ended = true; };
  one->link_to(two->handle());

  caf::anon_send_exit(one->handle(), caf::exit_reason::user_shutdown);
  home.queue.run();
  CHECK(is_ended);
}

TEST_CASE("An actor that nobody can reach ends", "[lite_actor]") {
  manual_home home;
  const auto before = lite_actor::live();
  auto actor = home.spawn();
  std::vector<caf::error> reasons;
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  SECTION("before it ever ran") {}
  SECTION("while it waits") {
    send_to(*actor, poke{});
    home.queue.run();
  }
  actor = nullptr;
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::unreachable);
  CHECK(lite_actor::live() == before);
}

TEST_CASE("Actors that wait for a turn end with their queue", "[lite_actor]") {
  const auto before = lite_actor::live();
  int stops = 0;
  {
    manual_home home;
    for (int i = 0; i < 10; ++i) {
      const auto actor = home.spawn();
      actor->stop = [&](const caf::error&) { ++stops; };
      send_to(*actor, poke{});
    }
  }
  CHECK(stops == 10);
  CHECK(lite_actor::live() == before);
}

TEST_CASE("A plain actor can watch a lite one", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
  actor->receive = [&](poke&) {
    actor->quit(caf::make_error(caf::exit_reason::user_shutdown));
  };
  self->monitor(actor->handle());

  send_to(*actor, poke{});
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason == caf::exit_reason::user_shutdown);
}

TEST_CASE("A watched actor that ends is reported, once and at once",
          "[lite_actor]") {
  manual_home home;
  const auto watcher = home.spawn();
  const auto actor = home.spawn();
  int downs = 0;
  watcher->down = [&](const caf::down_msg&) { ++downs; };
  actor->receive = [&](poke&) { actor->quit(); };

  SECTION("it ends later") {
    watcher->watch(actor->handle());
    home.queue.run();
    CHECK(downs == 0);
    send_to(*actor, poke{});
    home.queue.run();
    CHECK(downs == 1);
  }
  SECTION("it has ended") {
    send_to(*actor, poke{});
    home.queue.run();
    watcher->watch(actor->handle());
    home.queue.run();
    CHECK(downs == 1);
  }
  SECTION("it is watched no more") {
    watcher->watch(actor->handle());
    watcher->unwatch(actor->handle());
    send_to(*actor, poke{});
    home.queue.run();
    CHECK(downs == 0);
  }
}

TEST_CASE("A lite actor is small", "[lite_actor]") {
  struct smallest : lite_actor {
    using lite_actor::lite_actor;
  };
  CHECK(sizeof(caf::actor_storage<smallest>) <= 320);
}
