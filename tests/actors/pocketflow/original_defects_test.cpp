// The defects that were found in PocketFlow, and in its port to C++: each case
// is named after what goes wrong there, and shows that it does not here.

#include "support/actors/let_others_run.hpp"
#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"
#include "support/tries.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::branch_outcome;
using troupe::context;
using troupe::errc;
using troupe::event_kind;
using troupe::json;
using troupe::state;
using troupe::task;
using troupe::value;

namespace {

/// The number of times that each of many items was tried.
using tally = std::array<std::atomic<int>, 240>;

/// Fails in every attempt; the result says which item fell back, or that an
/// attempt had another number than it should have.
struct always_fails_over_items {
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

/// The same as the node of a sub-flow, without a fallback.
struct always_fails {
  std::shared_ptr<tally> tried;
  waits how;

  task<> exec(context& ctx) const {
    ++(*tried)[ctx.params().at("i").get<std::size_t>()];
    auto others = let_others_run(how);
    co_await others;
    throw std::runtime_error("always");
  }
};

/// All items as sub-flows that always fail, at most `width` at once.
troupe::flow failing_sub_flows(const std::shared_ptr<tally>& tried,
                               std::size_t width,
                               std::vector<branch_outcome>& outcomes,
                               waits how = waits::virtual_time) {
  troupe::fan_out_options options;
  options.concurrency = width;
  options.on_failure = troupe::collect;
  options.post = [&outcomes](state&, const auto& ended, context&) {
    outcomes = ended;
    return troupe::action{};
  };
  const auto wait = how == waits::virtual_time ? 1ms : 0ms;
  return troupe::batch("all",
                       one_node(always_fails{tried, how}, tries(3, wait)),
                       numbered(tried->size()), options);
}

void check_all_failed(const tally& tried,
                      const std::vector<branch_outcome>& outcomes) {
  for (const auto& each : tried) CHECK(each == 3);
  REQUIRE(outcomes.size() == tried.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    REQUIRE(outcomes[i].failure);
    CHECK(outcomes[i].failure->item() == i);
    CHECK(outcomes[i].failure->attempt() == 2U);
    CHECK(outcomes[i].failure->message() == "always");
  }
}

}  // namespace

// -- parallel items share one retry counter -----------------------------------

TEST_CASE("Retry race: no item of a parallel batch node loses an attempt",
          "[original_defects]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 240U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto tried = std::make_shared<tally>();
  const auto work = one_node(
      troupe::each(always_fails_over_items{tried}, {.concurrency = width}),
      tries(3, 1ms));
  const auto ended = play_with_actors(how, work, {}, value::object());
  REQUIRE_FALSE(ended.failure);
  CHECK(ended.state.get<bool>("all"));
  for (const auto& each : *tried) CHECK(each == 3);
}

TEST_CASE("Retry race: no parallel sub-flow loses an attempt or vanishes",
          "[original_defects]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 240U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto tried = std::make_shared<tally>();
  std::vector<branch_outcome> outcomes;
  const auto work = failing_sub_flows(tried, width, outcomes);
  CHECK_FALSE(play_with_actors(how, work, {}, value::object()).failure);
  check_all_failed(*tried, outcomes);
}

TEST_CASE("Retry race: no parallel sub-flow vanishes on real threads",
          "[original_defects]") {
  const std::size_t threads = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto tried = std::make_shared<tally>();
  std::vector<branch_outcome> outcomes;
  const auto work =
      failing_sub_flows(tried, tried->size(), outcomes, waits::real_threads);
  troupe::system sys{{.threads = threads, .turns = how}};
  CHECK(sys.start(work).get().ok());
  check_all_failed(*tried, outcomes);
}

TEST_CASE("Retry race: an item that fails for good is never swallowed",
          "[original_defects]") {
  struct last_one_fails {
    std::vector<int> prep() const { return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; }
    task<int> exec(int item) const {
      co_await troupe::sleep_for(1ms);
      if (item == 9) throw std::runtime_error("the last one");
      co_return item;
    }
    void post(state& shared) const { shared.set("over", true); }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended = play(one_node(
      troupe::each(last_one_fails{}, {.concurrency = width}), tries(3, 1ms)));
  REQUIRE(ended.failure);
  CHECK(ended.failure->describe() ==
        "node 'only', item 9, attempt 2: node_threw: the last one");
  CHECK_FALSE(ended.state.contains("over"));
}

// -- a wait between attempts blocks everybody ---------------------------------

TEST_CASE("Blocking wait: a plain node that waits for a retry blocks no run",
          "[original_defects]") {
  struct fails {
    std::string exec() const { throw std::runtime_error("not yet"); }
    std::string fallback() const { return "fell back"; }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::system sys{{.threads = 1, .turns = how}};
  const auto waits = sys.start(one_node(fails{}, tries(2, 24h)), {},
                               {.events = troupe::event_detail::steps});
  auto events = waits.events();
  // The first attempt has failed before the other run begins.
  while (const auto next = events.next()) {
    if (next->kind == event_kind::retry) break;
  }
  const auto other = sys.start(one_node(fails{}, tries(3))).get();
  CHECK(other.ok());
  CHECK_FALSE(waits.done());
  waits.cancel();
  const auto ended = waits.get();
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::cancelled);
}

TEST_CASE("Blocking wait: all items of a batch wait at the same time",
          "[original_defects]") {
  struct second_works {
    int exec(context& ctx) const {
      if (ctx.attempt() == 0) throw std::runtime_error("not yet");
      return 1;
    }
    void post(state& shared, int one) const { shared.add("n", one); }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto work = troupe::batch("all", one_node(second_works{}, tries(2, 1h)),
                                  numbered(24), {.concurrency = width});
  const auto ended = play_with_actors(how, work, {}, value::object());
  REQUIRE_FALSE(ended.failure);
  CHECK(ended.state.get<int>("n") == 24);
  // One hour for each round of `width` items.
  CHECK(ended.took == 1h * (24 / static_cast<int>(width)));
}

// -- no items, no edge, the fate of siblings ----------------------------------

TEST_CASE("No items: an asynchronous batch node may be given nothing",
          "[original_defects]") {
  struct gives_nothing {
    task<json> prep() const { co_return nullptr; }
    task<int> exec(value item) const { co_return item.get<int>(); }
    void post(state& shared, const std::vector<value>& items,
              const std::vector<int>& results) const {
      shared.set("empty", items.empty() && results.empty());
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended =
      play(one_node(troupe::each(gives_nothing{}, {.concurrency = width})));
  CHECK_FALSE(ended.failure);
  CHECK(ended.state.get<bool>("empty"));
}

TEST_CASE("The end by a missing edge: a loop ends at a node, unwarned",
          "[original_defects]") {
  const auto beats = [](state& shared) -> troupe::action {
    shared.add("beats", 1);
    return shared.get<int>("beats") < 3 ? "again" : "done";
  };
  troupe::flow_builder flow{"heartbeat"};
  auto beat = flow.add("beat", beats);
  beat - "again" >> beat;
  beat - "done" >> flow.add("end", [](state&) {});
  const auto ended = play(flow.build());
  CHECK(ended.state.get<int>("beats") == 3);
  CHECK(ended.action == "default");
  CHECK(ended.warnings.empty());
}

TEST_CASE("Siblings that go on: after a failure none of them does",
          "[original_defects]") {
  struct naps {
    std::shared_ptr<std::atomic<int>> woken;
    task<> exec(context& ctx) const {
      if (ctx.params().at("i").get<int>() == 1) {
        throw std::runtime_error("the second");
      }
      co_await troupe::sleep_for(1h);
      ++*woken;
    }
  };
  const std::size_t width = GENERATE(2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto woken = std::make_shared<std::atomic<int>>(0);
  troupe::testing::simulation sim{{.turns = how}};
  const auto run = sim.start(troupe::batch(
      "all", one_node(naps{woken}), numbered(8), {.concurrency = width}));
  const auto ended = sim.finish(run);
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "the second");
  CHECK(sim.live_actors() == 0);
  sim.advance(24h);
  CHECK(*woken == 0);
}

// -- params and values --------------------------------------------------------

TEST_CASE("Params that change: no node can change them for later ones",
          "[original_defects]") {
  using given = decltype(std::declval<context&>().params());
  STATIC_REQUIRE(std::is_same_v<given, const value&>);
}

TEST_CASE("The C++ port: post gets what prep gave, after exec took it",
          "[original_defects]") {
  struct takes {
    std::string prep(const state& shared) const {
      return shared.get<std::string>("text");
    }
    std::size_t exec(std::string text) const {
      const std::string taken = std::move(text);
      return taken.size();
    }
    void post(state& shared, const std::string& text, std::size_t size) const {
      shared.set("same", text.size() == size);
      shared.set("copy", text);
    }
  };
  const std::string text(100, 'x');
  const auto ended = play(one_node(takes{}), {{"text", text}});
  CHECK(ended.state.get<bool>("same"));
  CHECK(ended.state.get<std::string>("copy") == text);
}

TEST_CASE("The C++ port: params of an item win over those of the run",
          "[original_defects]") {
  const auto body = one_node([](state& shared, context& ctx) {
    shared.append("seen", ctx.params().at("i"));
  });
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended =
      play(troupe::batch("all", body, numbered(3), {.concurrency = width}), {},
           value::object({{"i", 7}}));
  CHECK(ended.state.at("seen") == value::array({0, 1, 2}));
}

TEST_CASE("The C++ port: an exception keeps its type through flows and batches",
          "[original_defects]") {
  struct breaks {
    int exec() const { throw std::out_of_range("too far"); }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  troupe::flow_builder outer{"outer"};
  outer.add("all", troupe::batch("all", one_node(breaks{}), numbered(1),
                                 {.concurrency = width}));
  const auto ended = play(outer.build());
  REQUIRE(ended.failure);
  CHECK(ended.failure->describe() ==
        "node 'all/only', item 0, attempt 0: node_threw: too far");
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()),
                  std::out_of_range);
}

TEST_CASE("The C++ port: an action named default follows the default edge",
          "[original_defects]") {
  troupe::flow_builder flow{"defaults"};
  flow.add("start", [](state&) -> troupe::action { return "default"; }) >>
      flow.add("end", [](state& shared) { shared.set("arrived", true); });
  CHECK(play(flow.build()).state.get<bool>("arrived"));
}
