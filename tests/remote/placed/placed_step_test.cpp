#include "remote/members/cluster_room.hpp"
#include "remote/sharing/counter.hpp"
#include "support/catch.hpp"

#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::node_options;
using troupe::state;

namespace {

struct doubled {
  counter made;
  int prep(const state& shared) const { return shared.get<int>("n"); }
  int exec(int n) const {
    ++*made;
    return 2 * n;
  }
  void post(state& shared, int, int result) const {
    shared.set("result", result);
  }
};

template <class N>
troupe::flow placed_step(N node, node_options options = {}) {
  options.on = "gpu";
  troupe::flow_builder flow{"work"};
  flow.add("it", std::move(node), std::move(options));
  return flow.build();
}

}  // namespace

TEST_CASE("A placed exec runs in the worker's process", "[remote]") {
  const auto here = new_counter();
  const auto there = new_counter();
  cluster_room room;
  const auto worker = room.join({placed_step(doubled{there})});
  const auto ended =
      room.finish(room.system().start(placed_step(doubled{here}), {{"n", 21}}));
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("result") == 42);
  CHECK(*here == 0);
  CHECK(*there == 1);
}

TEST_CASE("A placed exec runs here where nobody listens for workers",
          "[remote]") {
  const auto here = new_counter();
  troupe::system system;
  const auto ended =
      system.start(placed_step(doubled{here}), {{"n", 21}}).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("result") == 42);
  CHECK(*here == 1);
}

TEST_CASE("A placed step waits for a worker with its label", "[remote]") {
  const auto there = new_counter();
  cluster_room room;
  const auto run =
      room.system().start(placed_step(doubled{new_counter()}), {{"n", 1}});
  CHECK_FALSE(run.wait_for(20ms));
  const auto worker = room.join({placed_step(doubled{there})});
  CHECK(room.finish(run).ok());
  CHECK(*there == 1);
  CHECK(room.said().has("waits for a worker with the label 'gpu'"));
}

TEST_CASE("A placed exec that fails is tried again, and falls back at home",
          "[remote]") {
  struct failing {
    counter tried;
    counter fell_back;
    void exec(troupe::context& ctx) const {
      ++*tried;
      throw std::runtime_error{"attempt " + std::to_string(ctx.attempt())};
    }
    void fallback(const troupe::error& why) const {
      CHECK(why.message() == "attempt 2");
      CHECK(why.node() == "it");
      CHECK(why.attempt() == 2U);
      ++*fell_back;
    }
  };
  const node_options options{.retry = {.attempts = 3}};
  const auto tried = new_counter();
  const auto fell_back = new_counter();
  cluster_room room;
  const auto worker =
      room.join({placed_step(failing{tried, new_counter()}, options)});
  const auto ended = room.finish(room.system().start(
      placed_step(failing{new_counter(), fell_back}, options)));
  CHECK(ended.ok());
  CHECK(*tried == 3);
  CHECK(*fell_back == 1);
}

TEST_CASE("A placed exec sees its step as it is at home", "[remote]") {
  struct curious {
    troupe::json exec(troupe::context& ctx) const {
      return {{"run", ctx.run_id()},
              {"node", ctx.node()},
              {"step", ctx.step()},
              {"key", ctx.key()},
              {"params", ctx.params().to_json()}};
    }
    void post(state& shared, const troupe::json& seen) const {
      shared.set("seen", seen);
    }
  };
  const auto whole = [] {
    troupe::flow_builder inner{"inner"};
    inner.add("look", curious{}, {.on = "gpu"});
    troupe::flow_builder outer{"outer"};
    auto first = outer.add("first", [](state&) {});
    first >> outer.add("second", inner.build());
    return outer.build();
  };
  cluster_room room;
  const auto worker = room.join({whole()});
  const auto run = room.system().start(
      whole(), {}, {.params = troupe::value::object({{"file", "a"}})});
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  const auto& seen = ended.state.at("seen");
  CHECK(seen.at("run") == run.id());
  CHECK(seen.at("node") == "second/look");
  CHECK(seen.at("step") == 1);
  CHECK(seen.at("key") == run.id() + "#1");
  CHECK(seen.at("params") == troupe::value::object({{"file", "a"}}));
}

TEST_CASE("Of the state a placed exec finds the keys that its node names",
          "[remote]") {
  struct reading {
    bool exec(const state& shared) const {
      return shared.get<std::string>("model") == "large" &&
             !shared.contains("secret");
    }
    void post(state& shared, bool as_it_should) const {
      shared.set("result", as_it_should);
    }
  };
  const node_options options{.reads = {"model", "absent"}};
  cluster_room room;
  const auto worker = room.join({placed_step(reading{}, options)});
  const auto ended = room.finish(room.system().start(
      placed_step(reading{}, options), {{"model", "large"}, {"secret", 1}}));
  REQUIRE(ended.ok());
  CHECK(ended.state.get<bool>("result"));
}

TEST_CASE("The items of a placed batch node run on workers", "[remote]") {
  struct squares {
    counter made;
    std::vector<int> prep(const state& shared) const {
      return shared.get<std::vector<int>>("items");
    }
    int exec(int item, troupe::context& ctx) const {
      ++*made;
      return item * item + static_cast<int>(*ctx.item()) * 100;
    }
    void post(state& shared, const std::vector<int>&,
              std::vector<int> results) const {
      shared.set("results", results);
    }
  };
  const std::size_t width = GENERATE(1U, 3U, 8U);
  const auto here = new_counter();
  const auto there = new_counter();
  cluster_room room;
  const auto worker = room.join(
      {placed_step(troupe::each(squares{there}, {.concurrency = width}))});
  const auto ended = room.finish(room.system().start(
      placed_step(troupe::each(squares{here}, {.concurrency = width})),
      {{"items", troupe::value::array({1, 2, 3, 4})}}));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("results") == troupe::value::array({1, 104, 209, 316}));
  CHECK(*here == 0);
  CHECK(*there == 4);
}

TEST_CASE("Events of a placed exec come in the stream of its run, in order",
          "[remote]") {
  struct talking {
    troupe::task<int> exec(troupe::context& ctx) const {
      for (int i = 0; i < 100; ++i) {
        ctx.emit(i);
        if (i % 10 == 0) co_await troupe::sleep_for(1ms);
      }
      co_return 1;
    }
    void post(state&, troupe::context& ctx) const { ctx.emit("post"); }
  };
  cluster_room room;
  const auto worker = room.join({placed_step(talking{})});
  const auto run = room.system().start(placed_step(talking{}));
  REQUIRE(room.finish(run).ok());
  std::vector<troupe::value> seen;
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind != troupe::event_kind::custom) continue;
    CHECK(each->run == run.id());
    CHECK(each->node == "it");
    seen.push_back(each->data);
  }
  REQUIRE(seen.size() == 101);
  for (int i = 0; i < 100; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
  CHECK(seen.back() == "post");
}

TEST_CASE("Events that give way on a worker are counted at home", "[remote]") {
  struct bursting {
    int exec(troupe::context& ctx) const {
      for (int i = 0; i < 1000; ++i) ctx.emit(i);
      return 1;
    }
    void post(state&) const {}
  };
  cluster_room room;
  const auto worker = room.join({placed_step(bursting{})});
  const auto most = GENERATE(std::size_t{10}, std::size_t{2000});
  const auto run =
      room.system().start(placed_step(bursting{}), {}, {.events_max = most});
  REQUIRE(room.finish(run).ok());
  auto events = run.events();
  std::size_t seen = 0;
  while (const auto each = events.next()) {
    if (each->kind == troupe::event_kind::custom) ++seen;
  }
  // With the start and the end of the run.
  const auto dropped = events.dropped();
  CHECK(seen + dropped >= 1000);
  CHECK(seen + dropped <= 1002);
  CHECK((dropped == 0) == (most == 2000));
}

TEST_CASE("More events than may be under way at once all arrive", "[remote]") {
  struct pages {
    troupe::task<int> exec(troupe::context& ctx) const {
      const std::string page(50'000, 'x');
      for (int i = 0; i < 200; ++i) {
        ctx.emit(troupe::value::array({i, page}));
        if (i % 20 == 0) co_await troupe::sleep_for(1ms);
      }
      co_return 1;
    }
    void post(state&) const {}
  };
  cluster_room room;
  const auto worker = room.join({placed_step(pages{})});
  const auto run = room.system().start(placed_step(pages{}));
  REQUIRE(room.finish(run).ok());
  auto events = run.events();
  int seen = 0;
  while (const auto each = events.next()) {
    if (each->kind != troupe::event_kind::custom) continue;
    CHECK(each->data.at(0) == seen);
    ++seen;
  }
  CHECK(seen == 200);
  CHECK(events.dropped() == 0);
}

TEST_CASE("A cancelled run stops its exec on the worker", "[remote]") {
  struct waiting {
    counter begun;
    counter dropped;
    struct tell_end {
      counter of;
      ~tell_end() {
        if (of) ++*of;
      }
    };
    troupe::task<> exec() const {
      const tell_end end{dropped};
      ++*begun;
      co_await troupe::sleep_for(1h);
    }
  };
  const auto begun = new_counter();
  const auto dropped = new_counter();
  cluster_room room;
  const auto worker = room.join({placed_step(waiting{begun, dropped})});
  const auto run =
      room.system().start(placed_step(waiting{new_counter(), new_counter()}));
  while (*begun == 0) std::this_thread::yield();
  run.cancel();
  CHECK(room.finish(run).failure->code() == errc::cancelled);
  while (*dropped == 0) std::this_thread::yield();
  CHECK(*dropped == 1);
}

TEST_CASE("The time limit of a placed exec counts on the worker", "[remote]") {
  struct slow {
    troupe::task<> exec() const { co_await troupe::sleep_for(1h); }
  };
  const node_options options{.timeout = 5ms};
  cluster_room room;
  const auto worker = room.join({placed_step(slow{}, options)});
  const auto ended =
      room.finish(room.system().start(placed_step(slow{}, options)));
  CHECK(ended.failure->code() == errc::timed_out);
}

TEST_CASE("What is larger than it may be is refused with the sizes",
          "[remote]") {
  struct growing {
    std::string prep(const state& shared) const {
      return shared.get<std::string>("text");
    }
    std::string exec(const std::string& text) const { return text + text; }
  };
  troupe::remote::listener_options options;
  options.message_max = 1000;
  cluster_room room{options};
  troupe::remote::worker_options limited;
  limited.flows = {placed_step(growing{})};
  limited.message_max = 1000;
  const auto worker = room.join(limited);
  const auto started = [&](std::size_t size) {
    return room.finish(room.system().start(placed_step(growing{}),
                                           {{"text", std::string(size, 'a')}}));
  };
  CHECK(started(100).ok());
  const auto result = started(600);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::too_large);
  CHECK_THAT(result.failure->message(),
             Catch::Matchers::Contains("message_max (1000"));
  const auto work = started(2000);
  REQUIRE_FALSE(work.ok());
  CHECK(work.failure->code() == errc::too_large);
}
