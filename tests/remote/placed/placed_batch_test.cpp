#include "remote/members/cluster_room.hpp"
#include "remote/sharing/counter.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::branch_outcome;
using troupe::errc;
using troupe::fan_out_options;
using troupe::state;

namespace {

/// A batch whose sub-flows are placed.
template <class N>
troupe::flow placed_batch(N node, int items, fan_out_options options = {}) {
  options.on = "gpu";
  if (options.concurrency == troupe::sequence) options.concurrency = 16;
  return troupe::batch("all", one_node(std::move(node)), numbered(items),
                       std::move(options));
}

struct square {
  counter made;
  int exec(troupe::context& ctx) const {
    ++*made;
    const auto i = ctx.params().at("i").get<int>();
    return i * i;
  }
  void post(state& shared, int result, troupe::context& ctx) const {
    shared["squares"][std::to_string(ctx.params().at("i").get<int>())] =
        result + shared.get<int>("offset");
  }
};

}  // namespace

TEST_CASE("Placed sub-flows run on workers and their writes come back",
          "[remote][batch]") {
  const auto here = new_counter();
  const auto there = new_counter();
  cluster_room room;
  const int workers = GENERATE(1, 2, 3);
  std::vector<std::unique_ptr<worker_room>> joined;
  for (int i = 0; i < workers; ++i) {
    joined.push_back(room.join({placed_batch(square{there}, 200)}));
  }
  const auto ended = room.finish(
      room.system().start(placed_batch(square{here}, 200), {{"offset", 1000}}));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("squares").size() == 200);
  CHECK(ended.state.at("squares").at("14") == 1196);
  CHECK(*here == 0);
  CHECK(*there == 200);
}

TEST_CASE("Placed sub-flows of a sequence see what those before them wrote",
          "[remote][batch]") {
  const auto flow = [] {
    const auto body = one_node([](state& shared, troupe::context& ctx) {
      shared.append("seen", shared.get_or("last", -1));
      shared.set("last", ctx.params().at("i"));
    });
    return troupe::batch("all", body, numbered(3), {.on = "gpu"});
  };
  cluster_room room;
  const auto worker = room.join({flow()});
  const auto ended = room.finish(room.system().start(flow()));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("seen") == troupe::value::array({-1, 0, 1}));
}

TEST_CASE("Outcomes of placed sub-flows are what they are at home",
          "[remote][batch]") {
  struct picky {
    void exec(troupe::context& ctx) const {
      if (ctx.params().at("i") == 1) throw std::runtime_error{"no"};
    }
    troupe::action post(state& shared, troupe::context& ctx) const {
      shared.append("done", ctx.params().at("i"));
      return "ready";
    }
  };
  std::vector<branch_outcome> seen;
  fan_out_options options;
  options.on_failure = troupe::collect;
  options.post = [&](state&, const std::vector<branch_outcome>& outcomes,
                     troupe::context&) {
    seen = outcomes;
    return troupe::action{};
  };
  cluster_room room;
  const auto worker = room.join({placed_batch(picky{}, 3)});
  const auto ended =
      room.finish(room.system().start(placed_batch(picky{}, 3, options)));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("done") == troupe::value::array({0, 2}));
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].action == "ready");
  CHECK(seen[1].how == branch_outcome::kind::failed);
  REQUIRE(seen[1].failure);
  CHECK(seen[1].failure->message() == "no");
  CHECK(seen[1].failure->item() == 1U);
  CHECK(seen[1].failure->code() == errc::node_threw);
}

TEST_CASE("A placed sub-flow that fails stops the others", "[remote][batch]") {
  struct one_fails {
    counter ended;
    struct tell_end {
      counter of;
      ~tell_end() { ++*of; }
    };
    troupe::task<> exec(troupe::context& ctx) const {
      const tell_end end{ended};
      if (ctx.params().at("i") == 3) {
        co_await troupe::sleep_for(5ms);
        throw std::runtime_error{"no"};
      }
      co_await troupe::sleep_for(1h);
    }
  };
  const auto ended_there = new_counter();
  cluster_room room;
  const auto worker = room.join({placed_batch(one_fails{ended_there}, 5)});
  const auto ended = room.finish(
      room.system().start(placed_batch(one_fails{new_counter()}, 5)));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->message() == "no");
  while (*ended_there < 5) std::this_thread::yield();
}

TEST_CASE("Events of placed sub-flows name their run and item",
          "[remote][batch]") {
  struct talking {
    void exec(troupe::context& ctx) const { ctx.emit(ctx.params()); }
  };
  cluster_room room;
  const auto worker = room.join({placed_batch(talking{}, 3)});
  const auto run = room.system().start(placed_batch(talking{}, 3), {},
                                       {.events = troupe::event_detail::steps});
  REQUIRE(room.finish(run).ok());
  std::set<std::string> started;
  std::set<std::string> talked;
  std::set<std::string> finished;
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->is_final) break;
    if (each->kind == troupe::event_kind::started) started.insert(each->run);
    if (each->kind == troupe::event_kind::custom) talked.insert(each->run);
    if (each->kind == troupe::event_kind::finished) finished.insert(each->run);
  }
  const auto batch = run.id() + "/0/";
  const std::set<std::string> items{batch + "0", batch + "1", batch + "2"};
  CHECK(talked == items);
  CHECK(finished == items);
  CHECK(started.size() == 4);
}

TEST_CASE("Retries of placed sub-flows are among those that the run may make",
          "[remote][batch]") {
  struct failing {
    counter made;
    void exec() const {
      ++*made;
      throw std::runtime_error{"always"};
    }
  };
  const auto made = new_counter();
  const auto whole = [&] {
    troupe::flow_builder body{"body"};
    body.add("fails", failing{made}, {.retry = {.attempts = 50}});
    return troupe::batch("all", body.build(), numbered(2),
                         {.on_failure = troupe::collect, .on = "gpu"});
  };
  cluster_room room;
  const auto worker = room.join({whole()});
  const auto run = room.system().start(whole(), {}, {.retries_max = 3});
  REQUIRE(room.finish(run).ok());
  // One after the other: the second one has nothing left.
  CHECK(*made == 3 + 2);
}

TEST_CASE("Work of a worker that is lost is done by another",
          "[remote][batch]") {
  struct stuck_at_first {
    std::shared_ptr<std::atomic<bool>> is_stuck;
    counter begun;
    troupe::task<> exec() const {
      const bool stays = *is_stuck;
      ++*begun;
      if (stays) co_await troupe::sleep_for(1h);
    }
    void post(state& shared, troupe::context& ctx) const {
      shared.append("done", ctx.params().at("i"));
    }
  };
  const auto is_stuck = std::make_shared<std::atomic<bool>>(true);
  const auto begun = new_counter();
  const stuck_at_first node{is_stuck, begun};
  cluster_room room;
  auto first = room.join({placed_batch(node, 20)}, 8);
  const auto run = room.system().start(placed_batch(node, 20));
  while (*begun < 8) std::this_thread::yield();
  *is_stuck = false;
  const auto second = room.join({placed_batch(node, 20)}, 8);
  first->end();
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.at("done").size() == 20);
  CHECK(*begun == 28);
  const auto progress = run.progress();
  CHECK(progress.sub_flows_started == 20);
  CHECK(progress.sub_flows_finished == 20);
}

TEST_CASE("A worker that is lost is an event of each run that it held work of",
          "[remote][batch]") {
  struct stuck {
    counter begun;
    troupe::task<> exec() const {
      ++*begun;
      co_await troupe::sleep_for(1h);
    }
  };
  const auto begun = new_counter();
  cluster_room room;
  troupe::remote::worker_options options;
  options.name = "miller";
  options.flows = {placed_batch(stuck{begun}, 3)};
  auto worker = room.join(std::move(options));
  const auto run =
      room.system().start(placed_batch(stuck{begun}, 3), {}, {.id = "r"});
  auto events = run.events();
  while (*begun < 3) std::this_thread::yield();
  worker->end();
  auto told = events.next();
  while (told && told->kind != troupe::event_kind::warning) {
    told = events.next();
  }
  run.cancel();
  REQUIRE(told);
  CHECK(told->run == "r");
  CHECK(has(told->text, "lost the worker 'miller', which held 3 pieces"));
  const auto ended = room.finish(run);
  REQUIRE(ended.warnings.size() == 1);
  CHECK(ended.warnings.front().text == told->text);
}

TEST_CASE("The last items of a slow worker are run twice where that is asked",
          "[remote][batch]") {
  struct slow_once {
    std::shared_ptr<std::atomic<bool>> is_slow;
    counter slow_begun;
    troupe::task<> exec(troupe::context& ctx) const {
      if (ctx.params().at("i") != 3) co_return;
      ++*slow_begun;
      if (is_slow->exchange(false)) co_await troupe::sleep_for(1h);
    }
    void post(state& shared) const { shared.add("done", 1); }
  };
  const auto begun = new_counter();
  const slow_once node{std::make_shared<std::atomic<bool>>(true), begun};
  troupe::remote::listener_options options;
  options.twice_after = 50ms;
  cluster_room room{options};
  const auto first = room.join({placed_batch(node, 6)}, 2);
  const auto second = room.join({placed_batch(node, 6)}, 2);
  const auto ended = room.finish(room.system().start(placed_batch(node, 6)));
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("done") == 6);
  CHECK(*begun == 2);
}
