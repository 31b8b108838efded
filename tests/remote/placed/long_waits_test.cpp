// Spans as long as time goes, between processes.

#include "remote/members/cluster_room.hpp"
#include "remote/members/idle_worker.hpp"
#include "remote/placed/placed_items.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/remote/keyed_actors.hpp>
#include <troupe/remote/status.hpp>
#include <troupe/remote/topic.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::duration;
using troupe::json;
using troupe::task;

namespace {

constexpr duration centuries = std::chrono::hours{24 * 365 * 290};

struct adds_one {
  std::string key;
  task<json> receive(json message) { co_return message.get<int>() + 1; }
};

struct asks_keyed {
  troupe::remote::keyed_actors to;
  duration limit;
  task<int> exec() const {
    auto asking = to.ask("one", 1, limit);
    const json got = co_await asking;
    co_return got.get<int>();
  }
  void post(troupe::state& shared, int sum) const { shared["sum"] = sum; }
};

/// The first copy takes its time, and the others do as they are told.
struct first_is_slow {
  std::shared_ptr<std::atomic<int>> copies =
      std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<bool>> has_failed =
      std::make_shared<std::atomic<bool>>(false);
  task<int> exec() const {
    if ((*copies)++ != 0) {
      *has_failed = true;
      throw std::runtime_error("the second copy broke");
    }
    while (!*has_failed) co_await troupe::sleep_for(1ms);
    // Long enough for the failure to come first.
    co_await troupe::sleep_for(50ms);
    co_return 1;
  }
};

}  // namespace

TEST_CASE("Supervisors and workers are waited for as long as it takes",
          "[remote]") {
  const duration span = GENERATE(duration::max(), centuries);
  troupe::remote::network_options network;
  network.heartbeat = 1s;
  network.silence_max = span;
  troupe::remote::listener_options listening;
  listening.silence_max = span;
  listening.twice_after = span;
  cluster_room room{listening, network};
  troupe::remote::worker_options working;
  working.flows = {placed_items()};
  working.silence_max = span;
  working.retry_max = span;
  const auto worker = room.join(std::move(working));
  CHECK(room.listener().wait_for_workers(1, span));
  CHECK_FALSE(room.listener().wait_for_workers(2, 1ms));
  CHECK_FALSE(room.listener().wait_for_workers(2, duration::min()));

  const auto run = room.system().start(placed_items());
  const auto ended = run.wait_for(span);
  REQUIRE(ended);
  CHECK(ended->ok());
  const auto report =
      troupe::remote::status_of(worker->system(), room.listener().at(), span);
  CHECK(report.at("workers").size() == 1);

  CHECK_FALSE(worker->worker().wait_for(1ms));
  worker->worker().drain();
  CHECK(worker->worker().wait_for(span));
}

TEST_CASE("Messages and keyed actors are waited for as long as it takes",
          "[remote]") {
  const duration span = GENERATE(duration::max(), centuries);
  troupe::system sys{{.threads = 2}};
  const troupe::remote::topic news{sys, "news"};
  const auto heard = news.subscribe();
  CHECK_FALSE(heard.wait_for(1ms));
  news.publish("now");
  CHECK(heard.wait_for(span).value() == "now");

  const troupe::remote::keyed_actors all{
      sys,
      "all",
      [](const std::string& key) { return adds_one{key}; },
      {.idle_max = span}};
  const auto ended = sys.start(one_node(asks_keyed{all, span})).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("sum") == 2);
}

TEST_CASE("A second copy that fails does not beat a first that still runs",
          "[remote]") {
  const auto placed = [](const first_is_slow& node) {
    troupe::flow_builder flow{"twice"};
    flow.add("only", node, {.on = "any"});
    return flow.build();
  };
  const first_is_slow node;
  troupe::remote::listener_options options;
  options.twice_after = 20ms;
  cluster_room room{options};
  const auto one = room.join({placed(node)}, 1);
  const auto other = room.join({placed(node)}, 1);
  const auto ended = room.finish(room.system().start(placed(node)));
  CHECK((ended.ok() ? "ok" : ended.failure->describe()) == "ok");
  CHECK(*node.copies == 2);
}
