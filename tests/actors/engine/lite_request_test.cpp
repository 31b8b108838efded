#include "actor/lite_actor.hpp"
#include "support/actors/actor_system.hpp"
#include "support/actors/manual_home.hpp"
#include "support/actors/scripted_actor.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

using namespace troupe::detail;
using troupe::testing_support::actor_home;
using troupe::testing_support::manual_home;
using troupe::testing_support::poke;
using troupe::testing_support::scripted_actor;

namespace {

/// A plain actor that adds numbers, and fails when given text.
class adder : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

 private:
  caf::behavior make_behavior() override {
    return {[](std::int32_t a, std::int32_t b) { return a + b; },
            [](const std::string&) -> caf::result<std::int32_t> {
              return caf::make_error(caf::sec::invalid_argument);
            }};
  }
};

}  // namespace

TEST_CASE("A message that an actor does not know is refused", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);

  caf::error why;
  request(self.ptr(), actor->handle(), std::string{"hello"})
      .receive([](const std::string&) {},
               [&](const caf::error& error) { why = error; });
  CHECK(why == caf::sec::unexpected_message);
}

TEST_CASE("A request to an actor that has ended is answered", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
  caf::anon_send_exit(actor->handle(), caf::exit_reason::kill);

  caf::error why;
  request(self.ptr(), actor->handle(), std::string{"hello"})
      .receive([](const std::string&) {},
               [&](const caf::error& error) { why = error; });
  CHECK(why == caf::sec::request_receiver_down);
}

TEST_CASE("The answer to a request comes back under its number",
          "[lite_actor]") {
  actor_home home;
  const auto add = home.system.spawn<adder>();
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::vector<std::pair<std::uint64_t, std::int32_t>> answers;
  std::promise<void> is_done;
  actor->receive = [&](poke&) {
    first = actor->request(add,
                           caf::make_message(std::int32_t{1}, std::int32_t{2}));
    second = actor->request(
        add, caf::make_message(std::int32_t{3}, std::int32_t{4}));
  };
  actor->response = [&](std::uint64_t number, caf::message& answer) {
    answers.emplace_back(number, answer.get_as<std::int32_t>(0));
    if (answers.size() == 2) {
      is_done.set_value();
    }
  };

  send_to(*actor, poke{});
  is_done.get_future().wait();
  CHECK(first != second);
  CHECK(answers == std::vector<std::pair<std::uint64_t, std::int32_t>>{
                       {first, 3}, {second, 7}});
  caf::anon_send_exit(add, caf::exit_reason::kill);
}

TEST_CASE("A request that fails comes back as an error", "[lite_actor]") {
  actor_home home;
  const auto add = home.system.spawn<adder>();
  const auto actor = spawn_lite<scripted_actor>(home.at, nullptr);
  std::uint64_t expected = 0;
  std::promise<std::pair<std::uint64_t, caf::error>> failed;
  actor->failure = [&](std::uint64_t number, const caf::error& why) {
    failed.set_value({number, why});
  };

  SECTION("the receiver answers with an error") {
    actor->receive = [&](poke&) {
      expected = actor->request(add, caf::make_message(std::string{"what?"}));
    };
    send_to(*actor, poke{});
    const auto [number, why] = failed.get_future().get();
    CHECK(number == expected);
    CHECK(why == caf::sec::invalid_argument);
  }
  SECTION("there is no receiver") {
    actor->receive = [&](poke&) {
      expected = actor->request(caf::actor{}, caf::make_message());
    };
    send_to(*actor, poke{});
    const auto [number, why] = failed.get_future().get();
    CHECK(number == expected);
    CHECK(why == caf::sec::invalid_argument);
  }
  caf::anon_send_exit(add, caf::exit_reason::kill);
}

TEST_CASE("Plain actors woken by a lite one run in the same queue",
          "[lite_actor]") {
  manual_home home;
  const auto add = home.system.spawn<adder, caf::lazy_init>();
  const auto actor = home.spawn();
  std::int32_t sum = 0;
  actor->receive = [&](poke&) {
    actor->request(add, caf::make_message(std::int32_t{1}, std::int32_t{2}));
  };
  actor->response = [&](std::uint64_t, caf::message& answer) {
    sum = answer.get_as<std::int32_t>(0);
  };

  send_to(*actor, poke{});
  home.queue.run();
  CHECK(sum == 3);
  caf::anon_send_exit(add, caf::exit_reason::kill);
}
