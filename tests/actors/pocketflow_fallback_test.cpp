// Twins of the tests that PocketFlow has for retries and fallbacks, its rules
// on attempts, and its defects.

#include "support/catch.hpp"
#include "support/three_ways.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::event_kind;
using troupe::flow_builder;
using troupe::json;
using troupe::state;
using troupe::task;

namespace {

json entry(int attempts, const std::string& result) {
  return {{"attempts", attempts}, {"result", result}};
}

struct fallible {
  bool fails = true;

  std::string exec() const {
    if (fails) throw std::invalid_argument("intentional");
    return "success";
  }
  std::string fallback() const { return "fallback"; }
  void post(state& shared, const std::string& result, context& ctx) const {
    shared.append("results",
                  entry(static_cast<int>(ctx.attempt()) + 1, result));
  }
};

struct async_fallible {
  bool fails = true;

  task<std::string> exec() const {
    co_await troupe::sleep_for(1ms);
    if (fails) throw std::invalid_argument("intentional");
    co_return "success";
  }
  task<std::string> fallback() const {
    co_await troupe::sleep_for(10ms);
    co_return "fallback";
  }
  task<> post(state& shared, std::string result, context& ctx) const {
    co_await troupe::sleep_for(1ms);
    shared.append("results",
                  entry(static_cast<int>(ctx.attempt()) + 1, result));
  }
};

struct hopeless {
  std::string exec() const { throw std::invalid_argument("test error"); }
};

struct async_hopeless {
  task<std::string> exec() const {
    co_await troupe::sleep_for(1ms);
    throw std::invalid_argument("test error");
  }
};

troupe::node_options tries(std::uint32_t attempts, troupe::duration wait = {}) {
  return {.retry = {.attempts = attempts, .wait = wait}};
}

/// How often each of many was tried.
using tally = std::array<std::atomic<int>, 240>;

}  // namespace

TEMPLATE_TEST_CASE("The fallback is not called when exec succeeds",
                   "[pocketflow]", fallible, async_fallible) {
  const auto ended = play(one_node(TestType{false}));
  CHECK(ended.state.to_json()["results"] == json{entry(1, "success")});
}

TEMPLATE_TEST_CASE("The fallback is called when both attempts failed",
                   "[pocketflow]", fallible, async_fallible) {
  const auto ended = play(one_node(TestType{}, tries(2)));
  CHECK(ended.state.to_json()["results"] == json{entry(2, "fallback")});
}

TEMPLATE_TEST_CASE("The result of a fallback flows to the next node",
                   "[pocketflow]", fallible, async_fallible) {
  struct collects {
    json prep(const state& shared) const { return shared.at("results"); }
    json exec(json found) const { return found; }
    void post(state& shared, const json&, json found) const {
      shared.set("final", found);
    }
  };
  flow_builder flow{"falls_back"};
  flow.add("fallible", TestType{}) >> flow.add("collects", collects{});
  const auto ended = play(flow.build());
  CHECK(ended.state.to_json()["final"] == json{entry(1, "fallback")});
}

TEMPLATE_TEST_CASE("Without a fallback the exception itself comes out",
                   "[pocketflow]", hopeless, async_hopeless) {
  const auto ended = play(one_node(TestType{}));
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::node_threw);
  CHECK(ended.failure->message() == "test error");
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()),
                  std::invalid_argument);
}

TEMPLATE_TEST_CASE("Exactly three attempts come before the fallback",
                   "[pocketflow]", fallible, async_fallible) {
  const auto ended = play(one_node(TestType{}, tries(3)));
  CHECK(ended.state.to_json()["results"] == json{entry(3, "fallback")});
  CHECK(count_of(ended.events, event_kind::attempt) == 3);
  CHECK(count_of(ended.events, event_kind::fallback) == 1);
}

// -- rules without a test of the original's -----------------------------------

TEST_CASE("It waits between attempts, and not after the last", "[pocketflow]") {
  const auto ended = play(one_node(fallible{}, tries(3, 100ms)));
  CHECK(ended.took == 200ms);
  REQUIRE(count_of(ended.events, event_kind::retry) == 2);
  for (const auto& each : ended.events) {
    if (each.kind == event_kind::retry) CHECK(each.wait == 100ms);
  }
}

TEST_CASE("Attempts count from zero, a fallback and post see the last",
          "[pocketflow]") {
  struct counts {
    std::string exec(context& ctx) const {
      throw std::runtime_error(std::to_string(ctx.attempt()));
    }
    std::string fallback(const troupe::error& why, context& ctx) const {
      return why.message() + " " + std::to_string(ctx.attempt());
    }
    void post(state& shared, const std::string& seen, context& ctx) const {
      shared.append("seen", seen + " " + std::to_string(ctx.attempt()));
    }
  };
  const auto ended = play(one_node(counts{}, tries(3)));
  CHECK(ended.state.to_json()["seen"] == json{"2 2 2"});
  std::vector<std::uint32_t> begun;
  for (const auto& each : ended.events) {
    if (each.kind == event_kind::attempt) begun.push_back(each.attempt);
  }
  CHECK(begun == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("Each visit of a node counts its attempts anew", "[pocketflow]") {
  struct second_works {
    int exec(context& ctx) const {
      if (ctx.attempt() == 0) throw std::runtime_error("not yet");
      return 1;
    }
    troupe::action post(state& shared, int one) const {
      shared.add("visits", one);
      return shared.get<int>("visits") < 3 ? "again" : "stop";
    }
  };
  flow_builder flow{"loop"};
  auto node = flow.add("node", second_works{}, tries(2));
  node - "again" >> node;
  node - "stop" >> flow.add("end", [](state&) {});
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("visits") == 3);
  CHECK(count_of(ended.events, event_kind::retry) == 3);
}

TEST_CASE("An error in prep is final", "[pocketflow]") {
  struct breaks {
    int prep() const { throw std::runtime_error("in prep"); }
    int exec(int input) const { return input; }
    int fallback(int, const troupe::error&) const { return 0; }
  };
  const auto ended = play(one_node(breaks{}, tries(3)));
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "in prep");
  CHECK(count_of(ended.events, event_kind::retry) == 0);
  CHECK(count_of(ended.events, event_kind::fallback) == 0);
}

TEST_CASE("An error in post is final", "[pocketflow]") {
  struct breaks {
    int exec() const { return 1; }
    int fallback() const { return 0; }
    void post(state& shared, int) const {
      shared.set("written", true);
      throw std::runtime_error("in post");
    }
  };
  const auto ended = play(one_node(breaks{}, tries(3)));
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "in post");
  CHECK(count_of(ended.events, event_kind::retry) == 0);
  CHECK(ended.state.empty());
}

TEST_CASE("A retry keeps what prep gave", "[pocketflow]") {
  struct reads {
    std::shared_ptr<std::atomic<int>> preps;
    std::string prep(const state& shared) const {
      ++*preps;
      return shared.get<std::string>("text");
    }
    std::string exec(std::string text, context& ctx) const {
      if (ctx.attempt() < 2) throw std::runtime_error("not yet");
      return text;
    }
    void post(state& shared, const std::string& was,
              const std::string& is) const {
      shared.set("same", was == is && !is.empty());
    }
  };
  const auto preps = std::make_shared<std::atomic<int>>(0);
  const auto ended = play(one_node(reads{preps}, tries(3)),
                          {{"text", "kept over attempts, and never moved"}});
  CHECK(ended.state.get<bool>("same"));
  // One for each of the three ways it was run.
  CHECK(*preps == 3);
}

TEST_CASE("No attempts at all is a mistake", "[pocketflow]") {
  CHECK_THROWS_AS(one_node(fallible{}, tries(0)), troupe::error);
}

// -- defects of the original's ------------------------------------------------

TEST_CASE("No item of a batch node loses an attempt or vanishes",
          "[pocketflow]") {
  struct always_fails {
    std::shared_ptr<tally> tried;
    std::vector<std::size_t> prep() const {
      std::vector<std::size_t> all(tried->size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      return all;
    }
    task<std::size_t> exec(std::size_t item, context& ctx) const {
      co_await troupe::sleep_for(1ms);
      const auto before = static_cast<std::uint32_t>((*tried)[item]++);
      if (before != ctx.attempt()) co_return 10'000;
      throw std::runtime_error("always");
    }
    std::size_t fallback(std::size_t item) const { return item; }
    void post(state& shared, const std::vector<std::size_t>& items,
              const std::vector<std::size_t>& results) const {
      shared.set("all", items == results);
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 240U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto tried = std::make_shared<tally>();
  const auto work = one_node(
      troupe::each(always_fails{tried}, {.concurrency = width}), tries(3, 1ms));
  const auto ended = play_with_actors(how, work, {}, troupe::value::object());
  REQUIRE_FALSE(ended.failure);
  CHECK(ended.state.get<bool>("all"));
  for (const auto& each : *tried) CHECK(each == 3);
}

TEST_CASE("No sub-flow of a batch loses an attempt or vanishes",
          "[pocketflow]") {
  struct always_fails {
    std::shared_ptr<tally> tried;
    void exec(context& ctx) const {
      ++(*tried)[ctx.params().at("i").get<std::size_t>()];
      throw std::runtime_error("always");
    }
  };
  const std::size_t width = GENERATE(2U, 3U, 8U, 240U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto tried = std::make_shared<tally>();
  troupe::fan_out_options options;
  options.concurrency = width;
  options.on_failure = troupe::collect;
  options.post = [](state& shared, const auto& outcomes, context&) {
    for (const auto& each : outcomes) {
      if (each.failure && each.failure->attempt() == 2U)
        shared.add("failed", 1);
    }
    return troupe::action{};
  };
  const auto work =
      troupe::batch("all", one_node(always_fails{tried}, tries(3, 1ms)),
                    numbered(tried->size()), options);
  troupe::system sys{{.threads = 2, .turns = how}};
  const auto ended = sys.start(work).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("failed") == 240);
  for (const auto& each : *tried) CHECK(each == 3);
}

TEST_CASE("A hundred sub-flows that add one at once give a hundred",
          "[pocketflow]") {
  struct adds {
    task<> exec() const { co_await troupe::sleep_for(1ms); }
    void post(state& shared) const { shared.add("n", 1); }
  };
  const std::size_t threads = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::system sys{{.threads = threads, .turns = how}};
  const auto work = troupe::batch("all", one_node(adds{}), numbered(100),
                                  {.concurrency = troupe::concurrent(100)});
  const auto ended = sys.start(work, {{"n", 0}}).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("n") == 100);
}

TEST_CASE("A plain node that waits for a retry blocks no other run",
          "[pocketflow]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::system sys{{.threads = 1, .turns = how}};
  const auto waits = sys.start(one_node(fallible{}, tries(2, 24h)), {},
                               {.events = troupe::event_detail::steps});
  auto events = waits.events();
  // The first attempt has failed before the other run begins.
  while (const auto next = events.next()) {
    if (next->kind == event_kind::retry) break;
  }
  const auto other = sys.start(one_node(fallible{}, tries(3))).get();
  CHECK(other.ok());
  CHECK_FALSE(waits.done());
  waits.cancel();
  const auto ended = waits.get();
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::cancelled);
}
