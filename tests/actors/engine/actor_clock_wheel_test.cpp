#include "old_caf/actor_clock_wheel.hpp"

#include "support/actors/actor_system.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <string>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::testing_support::actor_home;

namespace {

class silent : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

 private:
  // Takes a number and never answers.
  caf::behavior make_behavior() override {
    return {[this](std::int32_t) { return make_response_promise(); }};
  }
};

class asker : public caf::event_based_actor {
 public:
  asker(caf::actor_config& config, caf::actor to,
        std::promise<caf::error>& failed)
      : caf::event_based_actor(config), to_{std::move(to)}, failed_{failed} {}

 private:
  caf::behavior make_behavior() override {
    request(to_, 2ms, std::int32_t{1})
        .then([](std::int32_t) {},
              [this](const caf::error& why) { failed_.set_value(why); });
    return {[](std::int32_t) {}};
  }

  caf::actor to_;
  std::promise<caf::error>& failed_;
};

caf::abstract_actor* plain(const caf::actor& handle) {
  return caf::actor_cast<caf::abstract_actor*>(handle);
}

}  // namespace

TEST_CASE("Timeouts are forgotten when they are cancelled",
          "[actor_clock_wheel]") {
  actor_home home;
  const auto one = home.system.spawn<silent>();
  const auto two = home.system.spawn<silent>();
  actor_clock_wheel clock;
  const auto due = clock.now() + 1h;
  const auto type = caf::atom("receive");

  clock.set_ordinary_timeout(due, plain(one), type, 1);
  clock.set_multi_timeout(due, plain(one), type, 2);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    clock.set_request_timeout(due, plain(one), caf::message_id{i});
  }
  clock.set_request_timeout(due, plain(two), caf::message_id{1});
  CHECK(clock.pending() == 13);

  SECTION("one of them") {
    clock.cancel_request_timeout(plain(one), caf::message_id{5});
    clock.cancel_request_timeout(plain(one), caf::message_id{5});
    CHECK(clock.pending() == 12);
    clock.cancel_ordinary_timeout(plain(one), type);
    CHECK(clock.pending() == 11);
  }
  SECTION("all of one actor") {
    clock.cancel_timeouts(plain(one));
    CHECK(clock.pending() == 1);
    clock.cancel_timeouts(plain(one));
    clock.cancel_timeouts(plain(two));
    CHECK(clock.pending() == 0);
  }
  SECTION("all") {
    clock.cancel_all();
    CHECK(clock.pending() == 0);
    clock.set_multi_timeout(due, plain(one), type, 3);
    CHECK(clock.pending() == 1);
  }
  clock.stop();
  CHECK(clock.pending() == 0);
  clock.set_multi_timeout(due, plain(one), type, 3);
  CHECK(clock.pending() == 0);
  caf::anon_send_exit(one, caf::exit_reason::kill);
  caf::anon_send_exit(two, caf::exit_reason::kill);
}

TEST_CASE("A second ordinary timeout takes the place of the first",
          "[actor_clock_wheel]") {
  actor_home home;
  const auto actor = home.system.spawn<silent>();
  actor_clock_wheel clock;
  const auto due = clock.now() + 1h;

  clock.set_ordinary_timeout(due, plain(actor), caf::atom("receive"), 1);
  clock.set_ordinary_timeout(due, plain(actor), caf::atom("receive"), 2);
  CHECK(clock.pending() == 1);
  clock.set_ordinary_timeout(due, plain(actor), caf::atom("other"), 3);
  CHECK(clock.pending() == 2);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}

TEST_CASE("A request that is not answered in time fails",
          "[actor_clock_wheel]") {
  actor_home home;
  const auto mute = home.system.spawn<silent>();
  std::promise<caf::error> failed;
  const auto self = home.system.spawn<asker>(mute, failed);

  CHECK(failed.get_future().get() == caf::sec::request_timeout);
  caf::anon_send_exit(self, caf::exit_reason::kill);
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE("A delayed message arrives", "[actor_clock_wheel]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  self->delayed_send(self, 2ms, std::string{"later"});

  std::string got;
  self->receive([&](const std::string& text) { got = text; });
  CHECK(got == "later");
}

TEST_CASE("A system may end while messages are delayed",
          "[actor_clock_wheel]") {
  actor_home home;
  auto& clock = static_cast<actor_clock_wheel&>(home.system.clock());
  const auto actor = home.system.spawn<silent>();
  for (int i = 0; i < 1'000; ++i) {
    caf::delayed_anon_send(actor, 1h, std::int32_t{1});
  }
  CHECK(clock.pending() >= 1'000);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}
