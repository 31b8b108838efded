// Twins of the tests that PocketFlow has for retries and fallbacks, and of its
// rules on attempts.

#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"
#include "support/tries.hpp"

#include <troupe/sleep.hpp>

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

}  // namespace

TEMPLATE_TEST_CASE("The fallback is not called when exec succeeds",
                   "[pocketflow]", fallible, async_fallible) {
  const auto ended = play(one_node(TestType{false}));
  CHECK(ended.state.to_json()["results"] == json::array({entry(1, "success")}));
}

TEMPLATE_TEST_CASE("The fallback is called when both attempts failed",
                   "[pocketflow]", fallible, async_fallible) {
  const auto ended = play(one_node(TestType{}, tries(2)));
  CHECK(ended.state.to_json()["results"] ==
        json::array({entry(2, "fallback")}));
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
  CHECK(ended.state.to_json()["final"] == json::array({entry(1, "fallback")}));
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
  CHECK(ended.state.to_json()["results"] ==
        json::array({entry(3, "fallback")}));
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
  CHECK(ended.state.to_json()["seen"] == json::array({"2 2 2"}));
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
