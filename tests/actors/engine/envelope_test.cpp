#include "actor/envelope.hpp"

#include "actor/address.hpp"
#include "support/actors/manual_home.hpp"
#include "support/catch.hpp"
#include "support/counted.hpp"
#include "threads/envelope_reserve.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

using namespace troupe::detail;
using troupe::testing_support::manual_home;
using troupe_test::counted;

namespace {

struct small {
  std::uint32_t first;
  counted alive = {};
  std::uint64_t second;
};
struct large {
  std::array<std::uint64_t, 5> numbers;
  std::string text;
  counted alive = {};
};
struct unwanted {};

class listening_actor final : public lite_actor {
 public:
  using messages = message_set<small, large>;

  using lite_actor::lite_actor;

  bool is_to_throw = false;
  std::string log;

 private:
  friend class troupe::detail::envelope;

  void on(small came) {
    log += "small " + std::to_string(came.first) + ' ' +
           std::to_string(came.second) + "; ";
    if (is_to_throw) throw std::runtime_error{"no more"};
  }
  void on(const large& came) {
    log +=
        "large " + std::to_string(came.numbers.back()) + ' ' + came.text + "; ";
    if (is_to_throw) throw std::runtime_error{"no more"};
  }
};

/// Takes one of the messages only.
class choosy_actor final : public lite_actor {
 public:
  using messages = message_set<small>;

  using lite_actor::lite_actor;

  std::uint32_t got = 0;

 private:
  friend class troupe::detail::envelope;

  void on(small came) { got = came.first; }
};

large large_one() { return {{1, 2, 3, 4, 5}, "and a long text of its own"}; }

}  // namespace

static_assert(sizeof(envelope) == envelope_reserve::size);
static_assert(envelope::holds<small> && !envelope::holds<large>);
static_assert(takes<listening_actor, large>);
static_assert(!takes<choosy_actor, large>);
static_assert(!takes<listening_actor, unwanted>);
// Giving something back, from a destructor, must not fail.
static_assert(noexcept(send_to(std::declval<listening_actor&>(),
                               std::declval<small>())));

TEST_CASE("A message comes to the function for it", "[envelope]") {
  manual_home home;
  const auto actor = spawn_lite<listening_actor>(home.at, nullptr);

  CHECK(send_to(*actor, small{1, {}, 2}));
  CHECK(send_to(*actor, large_one()));
  CHECK(send_to(*actor, small{3, {}, 4}));
  home.queue.run();
  CHECK(actor->log ==
        "small 1 2; large 5 and a long text of its own; small 3 4; ");
  CHECK(counted::alive() == 0);
}

TEST_CASE("What is sent to an actor that ends is dropped", "[envelope]") {
  manual_home home;
  const auto actor = spawn_lite<listening_actor>(home.at, nullptr);
  actor->is_to_throw = true;

  SECTION("after a small message") { send_to(*actor, small{1, {}, 2}); }
  SECTION("after a large message") { send_to(*actor, large_one()); }
  send_to(*actor, small{3, {}, 4});
  send_to(*actor, large_one());
  CHECK(counted::alive() == 3);
  home.queue.run();
  CHECK(counted::alive() == 0);
  CHECK_FALSE(send_to(*actor, small{5, {}, 6}));
  CHECK_FALSE(send_to(*actor, large_one()));
  CHECK(counted::alive() == 0);
}

TEST_CASE("An address sends to each actor that takes its messages",
          "[envelope]") {
  manual_home home;
  const auto first = spawn_lite<listening_actor>(home.at, nullptr);
  const auto second = spawn_lite<choosy_actor>(home.at, nullptr);
  address<small> to;
  CHECK_FALSE(to);

  to = first;
  CHECK(to.is_of(*first));
  CHECK(send_to(to, small{1, {}, 2}));
  to = second;
  CHECK_FALSE(to.is_of(*first));
  CHECK(send_to(to, small{7, {}, 8}));
  home.queue.run();
  CHECK(first->log == "small 1 2; ");
  CHECK(second->got == 7);
}

TEST_CASE("An address picks the function for a message", "[envelope]") {
  manual_home home;
  const auto actor = spawn_lite<listening_actor>(home.at, nullptr);
  // Not in the order in which the actor lists them.
  const address<large, small> to{actor};

  send_to(to, small{1, {}, 2});
  send_to(to, large_one());
  home.queue.run();
  CHECK(actor->log == "small 1 2; large 5 and a long text of its own; ");
}
