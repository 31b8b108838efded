#include "core/waiting_line.hpp"

#include "support/actors/actor_system.hpp"
#include "support/catch.hpp"

#include <iterator>
#include <vector>

using namespace troupe::detail;
using troupe::testing_support::actor_home;

namespace {

class idle_actor : public answer_receiver {
 public:
  using answer_receiver::answer_receiver;

 private:
  void on_answer(wake_key, answer*) override {}
};

struct home_with_line : actor_home {
  home_with_line() : actor_home{1} {}

  /// Puts a wait of an actor of its own into the line.
  caf::intrusive_ptr<wait_order> join() {
    auto order = caf::make_counted<wait_order>(
        waker{spawn_lite<idle_actor>(at, {}), {}});
    line.push(order);
    return order;
  }

  waiting_line<wait_order> line;
};

}  // namespace

TEST_CASE("A wait that is withdrawn lets its actor go at once",
          "[waiting_line]") {
  const auto before = lite_actor::live();
  home_with_line home;
  const auto order = home.join();
  REQUIRE(lite_actor::live() == before + 1);

  CHECK(order->withdraw());
  CHECK(lite_actor::live() == before);
}

TEST_CASE("A wait ends once, by its answer or by who waits", "[waiting_line]") {
  home_with_line home;
  const auto order = home.join();

  SECTION("answered first") {
    CHECK(home.line.take());
    CHECK_FALSE(order->withdraw());
  }
  SECTION("withdrawn first") {
    REQUIRE(home.line.first() == order.get());
    CHECK(order->withdraw());
    CHECK_FALSE(home.line.take());
  }
  CHECK_FALSE(order->is_open());
  CHECK(home.line.first() == nullptr);
}

TEST_CASE("A line passes over those who left and keeps the order of the rest",
          "[waiting_line]") {
  home_with_line home;
  const auto a = home.join();
  const auto b = home.join();
  const auto c = home.join();
  b->withdraw();

  CHECK(home.line.take()->order == a);
  CHECK(home.line.first() == c.get());
}

TEST_CASE("The size of a line is right whenever it is told who left",
          "[waiting_line]") {
  home_with_line home;
  std::vector<caf::intrusive_ptr<wait_order>> orders;
  for (int i = 0; i < 10; ++i) orders.push_back(home.join());
  REQUIRE(home.line.size() == 10);

  SECTION("before those come to the front") {
    for (int i = 0; i < 3; ++i) {
      orders[i]->withdraw();
      home.line.on_withdrawn();
    }
    CHECK(home.line.size() == 7);
    CHECK(home.line.first() == orders[3].get());
  }
  SECTION("after those came to the front") {
    for (int i = 0; i < 3; ++i) orders[i]->withdraw();
    CHECK(home.line.first() == orders[3].get());
    for (int i = 0; i < 3; ++i) home.line.on_withdrawn();
  }
  CHECK(home.line.size() == 7);
}

TEST_CASE("A line drops those who left once they are half of it",
          "[waiting_line]") {
  home_with_line home;
  std::vector<caf::intrusive_ptr<wait_order>> orders;
  for (int i = 0; i < 10; ++i) orders.push_back(home.join());
  for (int i = 5; i < 10; ++i) {
    orders[i]->withdraw();
    home.line.on_withdrawn();
  }
  CHECK(std::distance(home.line.begin(), home.line.end()) == 5);
  CHECK(home.line.size() == 5);
}
