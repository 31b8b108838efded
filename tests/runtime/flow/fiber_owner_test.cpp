#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/still_host.hpp"

#include <troupe/detail/fiber/fiber_owner.hpp>
#include <troupe/detail/node/exec_call.hpp>
#include <troupe/sleep.hpp>
#include <troupe/task.hpp>

#include <rapidcheck.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::task;
using troupe::detail::wake_key;
using troupe_test::counted;
using troupe_test::still_host;

namespace {

/// Waits for a number.
class number final : private troupe::detail::waiter {
 public:
  explicit number(wake_key& key) : key_(&key) {}
  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    *key_ = enlist(*self.promise().host, self);
  }
  int await_resume() const { return got_; }

 private:
  void receive(void* answer) override {
    if (answer != nullptr) got_ = *static_cast<int*>(answer);
  }
  wake_key* key_;
  int got_ = -1;
};

task<int> waits(wake_key& key) {
  counted local;
  number one{key};
  co_return co_await one;
}

}  // namespace

TEST_CASE("An answer goes to the wait that its key names", "[fiber_owner]") {
  still_host host;
  wake_key first_key, second_key;
  auto first = waits(first_key);
  auto second = waits(second_key);
  first.start(host);
  second.start(host);
  CHECK(host.waiting() == 2);

  int answer = 7;
  CHECK(host.wake(second_key, &answer));
  CHECK_FALSE(first.done());
  REQUIRE(second.done());
  CHECK(second.take() == 7);
  CHECK(host.wake(first_key));
  CHECK(first.take() == -1);
  CHECK(host.waiting() == 0);
}

TEST_CASE("A late answer finds another generation and changes nothing",
          "[fiber_owner]") {
  still_host host;
  wake_key old_key;
  auto gone = waits(old_key);
  gone.start(host);
  gone.reset();
  CHECK_FALSE(host.wake(old_key));

  wake_key key;
  auto again = waits(key);
  again.start(host);
  CHECK(key.slot == old_key.slot);
  CHECK_FALSE(host.wake(old_key));
  CHECK_FALSE(again.done());
  CHECK(host.wake(key));
  CHECK_FALSE(host.wake(key));
  CHECK_FALSE(host.wake({1000, 0}));
}

TEST_CASE("Waits come and go in any order", "[fiber_owner]") {
  CHECK(rc::check([] {
    still_host host;
    struct wait {
      std::unique_ptr<wake_key> key = std::make_unique<wake_key>();
      task<int> work;
    };
    std::vector<wait> open;
    std::vector<wake_key> closed;
    const auto moves =
        *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
    for (const int move : moves) {
      const auto at = open.empty()
                          ? std::size_t{0}
                          : static_cast<std::size_t>(move) % open.size();
      if (move % 3 == 0 || open.empty()) {
        open.emplace_back();
        open.back().work = waits(*open.back().key);
        open.back().work.start(host);
        continue;
      }
      closed.push_back(*open[at].key);
      if (move % 3 == 1) {
        int answer = move;
        RC_ASSERT(host.wake(*open[at].key, &answer));
        RC_ASSERT(open[at].work.take() == move);
      }
      std::swap(open[at], open.back());
      open.pop_back();
      for (const auto& key : closed) RC_ASSERT(!host.wake(key));
    }
    RC_ASSERT(host.waiting() == open.size());
    RC_ASSERT(counted::alive() == static_cast<int>(open.size()));
  }));
  CHECK(counted::alive() == 0);
}

TEST_CASE("A permit comes back from wherever it dies", "[fiber_owner]") {
  still_host host;
  int owner = 0;
  const auto works = [&owner]() -> task<> {
    troupe::detail::node_permit place{&owner, 1};
    const auto permit = co_await place;
    co_await troupe::sleep_for(1s);
  };
  auto permit = std::make_shared<int>(0);
  const std::weak_ptr<int> seen = permit;
  auto work = works();
  work.start(host);

  SECTION("the end of the work") {
    CHECK(host.give(std::move(permit)));
    CHECK_FALSE(seen.expired());
    host.advance(1s);
    CHECK(work.done());
  }
  SECTION("work that is destroyed") {
    CHECK(host.give(std::move(permit)));
    work.reset();
  }
  SECTION("nobody who waits") {
    work.reset();
    CHECK_FALSE(host.give(std::move(permit)));
  }
  CHECK(seen.expired());
}
