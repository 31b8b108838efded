#include "actor/lite_actor.hpp"
#include "support/actors/manual_home.hpp"
#include "support/actors/scripted_actor.hpp"
#include "support/catch.hpp"

#include <stdexcept>
#include <string>

using namespace troupe::detail;
using troupe::testing_support::manual_home;
using troupe::testing_support::poke;

TEST_CASE("A long loop lets others run in between", "[lite_actor]") {
  manual_home home;
  const auto loop = home.spawn();
  const auto other = home.spawn();
  std::string log;
  int rounds = 0;
  loop->receive = [&](poke&) { loop->again(); };
  loop->turn = [&] {
    log += "turn ";
    if (++rounds < 3) {
      loop->again();
    }
  };
  other->receive = [&](poke&) { log += "other "; };

  send_to(*loop, poke{});
  send_to(*other, poke{});
  home.queue.run();
  CHECK(log == "turn other turn turn ");
  CHECK(home.queue.empty());
}

TEST_CASE("A long loop sees that it has mail", "[lite_actor]") {
  manual_home home;
  const auto loop = home.spawn();
  int turns = 0;
  bool had_mail = false;
  loop->receive = [&](poke& each) {
    if (each.slot == 1) {
      loop->quit();
    } else {
      loop->again();
    }
  };
  loop->turn = [&] {
    ++turns;
    CHECK_FALSE(loop->has_mail());
    send_to(*loop, poke{1});
    had_mail = loop->has_mail();
    loop->again();
  };

  send_to(*loop, poke{});
  home.queue.run();
  CHECK(had_mail);
  CHECK(turns == 1);
}

TEST_CASE("An idle actor takes its turn in place", "[lite_actor]") {
  manual_home home;
  const auto caller = home.spawn();
  const auto callee = home.spawn();
  std::string log;
  callee->receive = [&](poke&) {
    log += "callee ";
    send_to(*caller, poke{1}, callee->context());
  };
  caller->receive = [&](poke& each) {
    if (each.slot == 1) {
      log += "answer ";
      return;
    }
    log += "before ";
    CHECK(send_in_place(*caller, *callee, poke{}));
    log += "after ";
  };

  send_to(*caller, poke{});
  REQUIRE(home.queue.run_one());
  CHECK(log == "before callee after ");
  home.queue.run();
  CHECK(log == "before callee after answer ");
}

TEST_CASE("A busy actor is sent to instead", "[lite_actor]") {
  manual_home home;
  const auto caller = home.spawn();
  const auto callee = home.spawn();
  std::string log;
  callee->receive = [&](poke& each) { log += std::to_string(each.slot) + ' '; };
  caller->receive = [&](poke&) {
    send_to(*callee, poke{1}, caller->context());
    CHECK(send_in_place(*caller, *callee, poke{2}));
    log += "after ";
  };

  send_to(*caller, poke{});
  home.queue.run();
  CHECK(log == "after 1 2 ");
}

TEST_CASE("A turn in place takes none itself", "[lite_actor]") {
  manual_home home;
  const auto outer = home.spawn();
  const auto middle = home.spawn();
  const auto inner = home.spawn();
  std::string log;
  inner->receive = [&](poke&) { log += "inner "; };
  middle->receive = [&](poke&) {
    send_in_place(*middle, *inner, poke{});
    log += "middle ";
  };
  outer->receive = [&](poke&) {
    send_in_place(*outer, *middle, poke{});
    log += "outer ";
  };

  send_to(*outer, poke{});
  home.queue.run();
  CHECK(log == "middle outer inner ");
}

TEST_CASE("An actor may end during its turn in place", "[lite_actor]") {
  manual_home home;
  const auto before = lite_actor::live();
  const auto caller = home.spawn();
  auto callee = home.spawn();
  callee->receive = [](poke&) { throw std::runtime_error{"oh"}; };
  int downs = 0;
  caller->down = [&](const caf::down_msg&) { ++downs; };
  caller->receive = [&](poke&) {
    caller->watch(callee->handle());
    send_in_place(*caller, *callee, poke{});
    CHECK_FALSE(send_in_place(*caller, *callee, poke{}));
    callee = nullptr;
  };

  send_to(*caller, poke{});
  home.queue.run();
  CHECK(downs == 1);
  CHECK(lite_actor::live() == before + 1);
}
