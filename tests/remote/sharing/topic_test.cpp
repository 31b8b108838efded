#include "remote/members/cluster_room.hpp"
#include "remote/members/idle_worker.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/remote/topic.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::task;
using troupe::value;
using troupe::remote::subscription;
using troupe::remote::topic;

namespace {

void skip_to(const subscription& heard, const std::string& text) {
  for (;;) {
    const auto next = heard.wait_for(cluster_room::patience);
    REQUIRE(next);
    if (*next == value{text}) return;
  }
}

/// Publishes until `heard` has got something, and takes all of it: from then
/// on it is known to the publisher.
void connect(const topic& from, const subscription& heard) {
  REQUIRE(soon([&] {
    from.publish("are you there");
    return heard.wait_for(20ms).has_value();
  }));
  // Messages sent before this one come before it.
  from.publish("last");
  skip_to(heard, "last");
}

std::vector<int> numbers_from(const subscription& heard, int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) {
    const auto next = heard.wait_for(cluster_room::patience);
    if (!next) break;
    all.push_back(next->get<int>());
  }
  return all;
}

std::vector<int> up_to(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

struct reads {
  std::shared_ptr<subscription> heard;
  std::shared_ptr<std::atomic<int>> sum;
  int messages = 1;

  task<> exec() const {
    for (int i = 0; i < messages; ++i) {
      const value got = co_await heard->next();
      *sum += got.get<int>();
    }
  }
};

}  // namespace

TEST_CASE("What is published anywhere is heard in every process, in order",
          "[remote][topic]") {
  cluster_room room;
  const auto one = join_idle(room);
  const auto two = join_idle(room);
  const std::vector<topic> ends{{room.system(), "prices"},
                                {one->system(), "prices"},
                                {two->system(), "prices"}};
  std::vector<subscription> heard;
  for (const auto& each : ends) heard.push_back(each.subscribe());
  const auto from = static_cast<std::size_t>(GENERATE(0, 1, 2));
  const topic other{room.system(), "other"};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (i != from) connect(ends[from], heard[i]);
  }
  other.publish("not for these");
  ends[from].publish("begin");
  for (const auto& each : heard) skip_to(each, "begin");
  for (int i = 0; i < 500; ++i) ends[from].publish(i);
  for (const auto& each : heard) {
    CHECK(numbers_from(each, 500) == up_to(500));
    CHECK_FALSE(each.try_next());
    CHECK(each.missed() == 0);
  }
}

TEST_CASE("A subscription that is dropped hears nothing more and others do",
          "[remote][topic]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const topic here{room.system(), "prices"};
  const topic there{worker->system(), "prices"};
  {
    const auto dropped = there.subscribe();
    connect(here, dropped);
  }
  const auto stays = there.subscribe();
  connect(here, stays);
  here.publish(1);
  CHECK(numbers_from(stays, 1) == std::vector{1});
}

TEST_CASE("A worker that joins again goes on to hear", "[remote][topic]") {
  auto room = std::make_unique<cluster_room>();
  const auto worker = join_idle(*room);
  const auto at = room->listener().at();
  const auto heard = topic{worker->system(), "prices"}.subscribe();
  connect(topic{room->system(), "prices"}, heard);
  room.reset();
  troupe::remote::listener_options options;
  options.at = at;
  cluster_room again{options};
  connect(topic{again.system(), "prices"}, heard);
}

TEST_CASE("More news than a reader takes gives way, the oldest first",
          "[topic]") {
  troupe::testing::simulation sim;
  const topic prices{sim.system(), "prices"};
  const auto heard = prices.subscribe({.messages_max = 3});
  for (int i = 0; i < 10; ++i) prices.publish(i);
  CHECK(heard.try_next() == value{7});
  CHECK(heard.missed() == 7);
  CHECK(heard.try_next() == value{8});
  CHECK(heard.try_next() == value{9});
  CHECK_FALSE(heard.try_next());
}

TEST_CASE("A flood of news to other processes is bounded and counted",
          "[remote][topic]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const topic here{room.system(), "prices"};
  const auto heard =
      topic{worker->system(), "prices"}.subscribe({.messages_max = 100'000});
  connect(here, heard);
  const auto missed_before = heard.missed();
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) here.publish(i);
  // The last one is never the one that gives way.
  std::vector<int> got;
  while (got.empty() || got.back() != count - 1) {
    const auto next = heard.wait_for(cluster_room::patience);
    REQUIRE(next);
    got.push_back(next->get<int>());
  }
  CHECK(std::is_sorted(got.begin(), got.end()));
  CHECK(got.size() + heard.missed() - missed_before == count);
}

TEST_CASE("Several coroutines share a subscription", "[topic]") {
  troupe::testing::simulation sim;
  const topic prices{sim.system(), "prices"};
  const reads node{std::make_shared<subscription>(prices.subscribe()),
                   std::make_shared<std::atomic<int>>(0)};
  const auto run =
      sim.start(troupe::batch("all", one_node(node), numbered(10),
                              {.concurrency = troupe::concurrency_max}));
  sim.run_ready();
  for (int i = 0; i < 10; ++i) {
    prices.publish(i);
    if (i % 3 == 0) sim.run_ready();
  }
  CHECK(sim.finish(run).ok());
  CHECK(*node.sum == 45);
}

TEST_CASE("A message that a reader does not take any more is for the next",
          "[topic]") {
  troupe::testing::simulation sim;
  const topic prices{sim.system(), "prices"};
  const reads gone{std::make_shared<subscription>(prices.subscribe()),
                   std::make_shared<std::atomic<int>>(0)};
  const int turns = GENERATE(range(0, 10));
  const auto first = sim.start(one_node(gone));
  for (int i = 0; i < turns; ++i) sim.run_one();
  prices.publish(1);
  first.cancel();
  sim.run_ready();
  const reads next{gone.heard, std::make_shared<std::atomic<int>>(0)};
  const auto second = sim.start(one_node(next));
  sim.run_ready();
  CHECK(*gone.sum + *next.sum == 1);
  second.cancel();
}

TEST_CASE("A wait for news that is over leaves nothing in the topic",
          "[topic]") {
  struct looks {
    std::shared_ptr<subscription> heard;
    task<> exec() const {
      for (int i = 0; i < 100; ++i) {
        try {
          auto next = heard->next();
          static_cast<void>(co_await troupe::within(1ms, std::move(next)));
        } catch (const troupe::error& why) {
          if (why.code() != errc::timed_out) throw;
        }
      }
    }
  };
  troupe::testing::simulation sim;
  const topic prices{sim.system(), "prices"};
  const looks node{std::make_shared<subscription>(prices.subscribe())};
  CHECK(sim.finish(sim.start(one_node(node))).ok());
  prices.publish(1);
  CHECK(node.heard->try_next() == value{1});
}

TEST_CASE("News that is too large is refused where it is published",
          "[remote][topic]") {
  troupe::remote::listener_options options;
  options.message_max = 1'000;
  cluster_room room{options};
  const topic prices{room.system(), "prices"};
  CHECK(code_of([&] { prices.publish(std::string(2'000, 'x')); }) ==
        errc::too_large);
}

TEST_CASE("A subscription that makes no sense is refused", "[topic]") {
  troupe::testing::simulation sim;
  const topic prices{sim.system(), "prices"};
  CHECK(code_of([&] {
          static_cast<void>(prices.subscribe({.messages_max = 0}));
        }) == errc::bad_flow);
}
