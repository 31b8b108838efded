#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/channel.hpp>
#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::channel;
using troupe::errc;
using troupe::error;
using troupe::task;
using troupe::value;
using troupe::testing::simulation;

namespace {

using texts = std::vector<std::string>;

/// The events of a channel, in their order.
struct post_office {
  channel box;
  std::shared_ptr<texts> log = std::make_shared<texts>();

  task<> send(std::string text) const {
    co_await box.send(text);
    log->push_back("sent " + text);
  }
  task<> receive(std::string who) const {
    const auto heard = co_await box.receive();
    log->push_back(who + " got " +
                   (heard ? heard->get<std::string>() : "nothing"));
  }
  task<> after(troupe::duration span, task<> work) const {
    co_await troupe::sleep_for(span);
    co_await work;
  }
  /// Gives up after `span`.
  task<> at_most(troupe::duration span, task<> work) const {
    try {
      co_await troupe::within(span, std::move(work));
    } catch (const error&) {
      log->push_back("gave up");
    }
  }
  task<> close() const {
    box.close();
    co_return;
  }
};

/// The log of the tasks of `make`, which run at the same time.
template <class Make>
texts log_of(std::size_t messages_max, Make make) {
  struct runs_tasks {
    post_office at;
    Make make;
    task<> exec() const { co_await troupe::gather(make(at)); }
  };
  simulation sim;
  const runs_tasks node{post_office{channel{sim.system(), {messages_max}}},
                        make};
  CHECK(sim.finish(sim.start(one_node(node))).ok());
  return *node.at.log;
}

using tasks = std::vector<task<>>;

template <class... Tasks>
tasks all(Tasks... each) {
  tasks made;
  (made.push_back(std::move(each)), ...);
  return made;
}

}  // namespace

TEST_CASE("Messages are received in the order of sending", "[channel]") {
  CHECK(log_of(9, [](const post_office& at) {
          return all(at.send("a"), at.send("b"), at.after(1s, at.receive("x")),
                     at.after(2s, at.receive("x")));
        }) == texts{"sent a", "sent b", "x got a", "x got b"});
}

TEST_CASE("Who came first receives first", "[channel]") {
  CHECK(log_of(9, [](const post_office& at) {
          return all(at.receive("x"), at.receive("y"),
                     at.after(1s, at.send("a")), at.after(2s, at.send("b")));
        }) == texts{"sent a", "x got a", "sent b", "y got b"});
}

TEST_CASE("Who sends to a full channel waits for room", "[channel]") {
  CHECK(log_of(1, [](const post_office& at) {
          return all(at.send("a"), at.send("b"), at.send("c"),
                     at.after(1s, at.receive("x")),
                     at.after(2s, at.receive("x")));
        }) == texts{"sent a", "x got a", "sent b", "x got b", "sent c"});
}

TEST_CASE("What is in a closed channel can still be received", "[channel]") {
  CHECK(log_of(9, [](const post_office& at) {
          return all(at.send("a"), at.after(1s, at.close()),
                     at.after(2s, at.receive("x")),
                     at.after(3s, at.receive("x")));
        }) == texts{"sent a", "x got a", "x got nothing"});
}

TEST_CASE("Closing ends the wait of those who receive", "[channel]") {
  CHECK(log_of(9, [](const post_office& at) {
          return all(at.receive("x"), at.receive("y"),
                     at.after(1s, at.close()));
        }) == texts{"x got nothing", "y got nothing"});
}

TEST_CASE("A closed channel takes nothing", "[channel]") {
  simulation sim;
  struct sends {
    channel box;
    task<> exec() const { co_await box.send("late"); }
  };
  const channel box{sim.system()};
  box.close();
  CHECK_FALSE(box.try_send("late"));
  const auto ended = sim.finish(sim.start(one_node(sends{box})));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::request_failed);
  CHECK(ended.failure->is_permanent());
}

TEST_CASE("A receiver that gave up takes no message with it", "[channel]") {
  CHECK(log_of(9, [](const post_office& at) {
          return all(at.at_most(1s, at.receive("x")),
                     at.after(2s, at.send("a")), at.after(3s, at.receive("y")));
        }) == texts{"gave up", "sent a", "y got a"});
}

TEST_CASE("A sender that gave up has sent nothing", "[channel]") {
  CHECK(log_of(1, [](const post_office& at) {
          return all(at.send("a"), at.at_most(1s, at.send("b")),
                     at.after(2s, at.receive("x")),
                     at.at_most(4s, at.after(3s, at.receive("y"))));
        }) == texts{"sent a", "gave up", "x got a", "gave up"});
}

TEST_CASE("A message may be sent from outside while there is room",
          "[channel]") {
  simulation sim;
  const channel box{sim.system(), {.messages_max = 2}};
  CHECK(box.try_send(1));
  CHECK(box.try_send(2));
  CHECK_FALSE(box.try_send(3));
  struct receives {
    channel box;
    task<int> exec() const {
      const auto heard = co_await box.receive();
      co_return heard->get<int>();
    }
    void post(troupe::state& shared, int got) const { shared["got"] = got; }
  };
  const auto ended = sim.finish(sim.start(one_node(receives{box})));
  CHECK(ended.state.at("got") == 1);
  CHECK(box.try_send(3));
}

TEST_CASE("Two runs talk through two mailboxes", "[channel]") {
  struct plays {
    channel own;
    channel other;
    task<int> exec() const {
      int last = 0;
      for (;;) {
        const auto heard = co_await own.receive();
        if (!heard) break;
        last = heard->get<int>();
        if (last == 1000) {
          own.close();
          other.close();
          break;
        }
        co_await other.send(last + 1);
      }
      co_return last;
    }
    void post(troupe::state& shared, int last) const { shared["last"] = last; }
  };
  troupe::system runtime{{.threads = 2}};
  const channel one{runtime};
  const channel two{runtime};
  const auto first = runtime.start(one_node(plays{one, two}));
  const auto second = runtime.start(one_node(plays{two, one}));
  REQUIRE(one.try_send(1));
  const auto low = first.get().state.get<int>("last");
  const auto high = second.get().state.get<int>("last");
  CHECK(std::max(low, high) == 1000);
  CHECK(std::min(low, high) == 999);
}

namespace {

constexpr int messages = 2000;

/// Sends its share of the numbers.
struct sends_many {
  channel box;
  int width;

  task<> exec(troupe::context& ctx) const {
    const int first = ctx.params().at("i").get<int>();
    for (int i = first; i < messages; i += width) co_await box.send(i);
  }
};

/// Adds up what it receives, and gives up every now and then.
struct receives_many {
  channel box;
  std::shared_ptr<std::atomic<long>> sum =
      std::make_shared<std::atomic<long>>(0);
  std::shared_ptr<std::atomic<int>> count =
      std::make_shared<std::atomic<int>>(0);

  task<> exec() const {
    for (;;) {
      std::optional<value> heard;
      bool gave_up = false;
      try {
        heard = co_await troupe::within(50us, next());
      } catch (const error& why) {
        if (why.code() != errc::timed_out) throw;
        gave_up = true;
      }
      if (gave_up) continue;
      if (!heard) co_return;
      *sum += heard->get<long>();
      ++*count;
    }
  }
  task<std::optional<value>> next() const {
    auto receiving = box.receive();
    co_return co_await receiving;
  }
};

}  // namespace

TEST_CASE("Nothing is lost or doubled between many who give up at times",
          "[channel]") {
  const int width = GENERATE(1, 2, 3, 8);
  troupe::system runtime{{.threads = 2}};
  const channel box{runtime, {.messages_max = 4}};
  const auto at_once = [&](troupe::flow work) {
    const auto count = static_cast<std::size_t>(width);
    return troupe::batch("all", std::move(work), numbered(count),
                         {.concurrency = count});
  };
  const receives_many receiver{box};
  const auto receiving = runtime.start(at_once(one_node(receiver)));
  const auto sending = runtime.start(at_once(one_node(sends_many{box, width})));
  REQUIRE(sending.get().ok());
  box.close();
  REQUIRE(receiving.get().ok());
  CHECK(*receiver.count == messages);
  CHECK(*receiver.sum == long{messages} * (messages - 1) / 2);
}

TEST_CASE("What was taken in before the end is received", "[channel]") {
  const int width = GENERATE(1, 2, 3, 8);
  troupe::system runtime{{.threads = 2}};
  const channel box{runtime, {.messages_max = 64}};
  const receives_many receiver{box};
  const auto count = static_cast<std::size_t>(width);
  const auto receiving = runtime.start(troupe::batch(
      "all", one_node(receiver), numbered(count), {.concurrency = count}));
  std::atomic<int> taken{0};
  std::atomic<bool> is_over{false};
  std::vector<std::thread> senders;
  for (int i = 0; i < width; ++i) {
    senders.emplace_back([&] {
      while (!is_over) taken += box.try_send(1) ? 1 : 0;
    });
  }
  while (*receiver.count < 100) std::this_thread::yield();
  box.close();
  is_over = true;
  for (auto& each : senders) each.join();
  REQUIRE(receiving.get().ok());
  CHECK(*receiver.count == taken);
}

TEST_CASE("A channel without room for messages is refused", "[channel]") {
  simulation sim;
  CHECK(code_of([&] {
          return channel{sim.system(), {.messages_max = 0}};
        }) == errc::bad_flow);
}
