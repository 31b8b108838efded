#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::branch_outcome;
using troupe::errc;
using troupe::event_kind;
using troupe::state;
using troupe::testing::script;
using troupe::testing::simulation;

namespace {

/// The mishap of a sub-flow that fails.
enum class mishap { throws, times_out, is_cancelled, dies };

/// Fails as its item says, else takes a little longer the later it is.
struct maybe_fails {
  mishap how;
  std::set<std::size_t> failing;
  script deaths;

  troupe::task<std::size_t> exec(troupe::context& ctx) const {
    const auto i = ctx.params().at("i").get<std::size_t>();
    co_await troupe::sleep_for(1ms * (i + 1));
    if (failing.contains(i)) {
      switch (how) {
        case mishap::throws:
          throw std::runtime_error("broken");
        case mishap::times_out:
          co_await troupe::sleep_for(24h);
          break;
        case mishap::is_cancelled:
          // As one that passes on the outcome of another run does.
          throw troupe::error{errc::cancelled, "the other run was cancelled"};
        case mishap::dies:
          co_await deaths.next(ctx);
      }
    }
    co_return i;
  }
  void post(state& shared, std::size_t i) const {
    shared.set("/done/" + std::to_string(i), true);
  }
};

errc code_of(mishap how) {
  switch (how) {
    case mishap::throws:
      return errc::node_threw;
    case mishap::times_out:
      return errc::timed_out;
    case mishap::is_cancelled:
      return errc::cancelled;
    case mishap::dies:
      return errc::actor_died;
  }
  return errc::bad_flow;
}

struct policy_case {
  const char* name;
  troupe::failure_policy policy;
  std::set<std::size_t> failing;
  bool succeeds;
};

std::ostream& operator<<(std::ostream& out, const policy_case& shown) {
  return out << shown.name;
}

constexpr std::size_t items = 6;

const std::vector<policy_case>& policy_table() {
  static const std::vector<policy_case> table{
      {"fail_fast, none", troupe::fail_fast, {}, true},
      {"fail_fast, one", troupe::fail_fast, {3}, false},
      {"fail_fast, all", troupe::fail_fast, {0, 1, 2, 3, 4, 5}, false},
      {"collect, one", troupe::collect, {0}, true},
      {"collect, all", troupe::collect, {0, 1, 2, 3, 4, 5}, true},
      {"tolerate 0, one", troupe::tolerate(0), {5}, false},
      {"tolerate 2, two", troupe::tolerate(2), {1, 4}, true},
      {"tolerate 2, three", troupe::tolerate(2), {1, 2, 4}, false},
      {"share 0.5, three", troupe::tolerate_share(0.5), {0, 1, 2}, true},
      {"share 0.5, four", troupe::tolerate_share(0.5), {0, 1, 2, 5}, false},
      {"quorum 3, three", troupe::quorum(3), {0, 2, 4}, true},
      {"quorum 3, four", troupe::quorum(3), {0, 1, 2, 4}, false},
      {"first_success, five", troupe::first_success, {0, 1, 2, 3, 4}, true},
      {"first_success, all", troupe::first_success, {0, 1, 2, 3, 4, 5}, false},
  };
  return table;
}

std::size_t counted_as(const std::vector<branch_outcome>& outcomes,
                       branch_outcome::kind kind) {
  return static_cast<std::size_t>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [&](const auto& each) { return each.how == kind; }));
}

}  // namespace

TEST_CASE("A policy means the same for every kind of failure", "[batch]") {
  const auto& row =
      policy_table()[GENERATE(range(std::size_t{0}, policy_table().size()))];
  const auto how = GENERATE(mishap::throws, mishap::times_out,
                            mishap::is_cancelled, mishap::dies);
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  CAPTURE(row, static_cast<int>(how), width);

  script deaths;
  for (int i = 0; i < 100; ++i) deaths.dies();
  const auto body =
      one_node(maybe_fails{how, row.failing, deaths}, {.timeout = 1h});
  std::vector<branch_outcome> outcomes;
  const auto all =
      troupe::batch("all", body, numbered(items),
                    {.concurrency = width,
                     .on_failure = row.policy,
                     .post = [&](state&, const auto& ended, troupe::context&) {
                       outcomes = ended;
                       return troupe::action{"judged"};
                     }});
  simulation sim;
  const auto run = sim.start(all, {}, {.events = troupe::event_detail::steps});
  const auto result = sim.finish(run);

  CHECK(result.ok() == row.succeeds);
  CHECK(sim.live_actors() == 0);
  const auto events = events_of(run);
  // Those of the run itself come on top; who died has no end to tell.
  const auto deaths_told =
      how == mishap::dies ? deaths.calls().size() : std::size_t{0};
  CHECK(count_of(events, event_kind::started) ==
        count_of(events, event_kind::finished) + deaths_told);
  if (!row.succeeds) {
    CHECK(outcomes.empty());
    const auto why = result.failure.value();
    const bool by_count =
        row.policy.which() != troupe::failure_policy::kind::fail_fast;
    CHECK(why.code() == (by_count ? errc::too_many_failures : code_of(how)));
    if (!by_count) {
      CHECK(why.node() == "all/only");
      CHECK(why.item() == *row.failing.begin());
    }
    return;
  }
  CHECK(result.action.name() == "judged");
  const auto finished = counted_as(outcomes, branch_outcome::kind::finished);
  const auto failed = counted_as(outcomes, branch_outcome::kind::failed);
  const auto cancelled = counted_as(outcomes, branch_outcome::kind::cancelled);
  CHECK(finished + failed + cancelled == outcomes.size());
  CHECK(result.state.get_or("done", troupe::json::object()).size() == finished);
  if (row.policy.which() != troupe::failure_policy::kind::quorum) {
    CHECK(outcomes.size() == items);
    CHECK(failed == row.failing.size());
    CHECK(cancelled == 0);
  } else {
    CHECK(finished == row.policy.count());
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& each = outcomes[i];
    if (each.how == branch_outcome::kind::failed) {
      CHECK(row.failing.contains(i));
      CHECK(each.failure.value().code() == code_of(how));
      CHECK(each.failure->item() == i);
    }
  }
}

// -- what decided is what is told --------------------------------------------

namespace {

/// Item 0 fails, which the policy forgives, and the others set one place.
troupe::flow forgiven_then_conflict(troupe::failure_policy policy,
                                    std::size_t width) {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    const int i = ctx.params().at("i");
    if (i == 0) throw std::runtime_error("forgiven");
    shared["x"] = i;
  });
  return troupe::batch("all", body, numbered(3),
                       {.concurrency = width, .on_failure = policy});
}

/// A source of items that breaks after the first two, of which the first fails.
troupe::flow broken_source(troupe::failure_policy policy, bool gives_nonsense) {
  const auto body = one_node([](state&, troupe::context& ctx) {
    const int i = ctx.params().at("i");
    if (i == 0) throw std::runtime_error("forgiven");
  });
  const auto source = [gives_nonsense](const state&) {
    return [=, i = 0]() mutable -> std::optional<troupe::value> {
      if (i == 2 && gives_nonsense) return troupe::value{7};
      if (i == 2) throw std::runtime_error("the source broke");
      return troupe::value::object({{"i", i++}});
    };
  };
  return troupe::batch("all", body, source, {.on_failure = policy});
}

}  // namespace

TEST_CASE("A conflict is told beside failures that are forgiven", "[batch]") {
  const std::vector<troupe::failure_policy> policies{
      troupe::collect, troupe::tolerate(2), troupe::tolerate_share(0.9),
      troupe::quorum(2)};
  const auto policy = policies[GENERATE(0U, 1U, 2U, 3U)];
  const std::size_t width = GENERATE(1U, 2U, 3U);
  simulation sim;
  const auto ended =
      sim.finish(sim.start(forgiven_then_conflict(policy, width)));
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::merge_conflict);
  CHECK(has(ended.failure->message(), "/x"));
  CHECK(ended.failure->node() == "all");
}

TEST_CASE("A source that breaks is told beside failures that are forgiven",
          "[batch]") {
  const std::vector<troupe::failure_policy> policies{
      troupe::collect, troupe::tolerate(2), troupe::quorum(3)};
  const auto policy = policies[GENERATE(0U, 1U, 2U)];
  simulation sim;
  const auto thrown = sim.finish(sim.start(broken_source(policy, false)));
  CHECK(thrown.failure.value().message() == "the source broke");
  CHECK(thrown.failure->item() == 2);
  const auto bad = sim.finish(sim.start(broken_source(policy, true)));
  CHECK(bad.failure.value().code() == errc::bad_items);
}

TEST_CASE("The failure that ended a batch is told, and no later conflict",
          "[batch]") {
  struct sets_or_fails {
    troupe::task<int> exec(troupe::context& ctx) const {
      const int i = ctx.params().at("i");
      co_await troupe::sleep_for(1ms * (i == 2 ? 5 : 1));
      if (i == 2) throw std::runtime_error("decisive");
      co_return i;
    }
    void post(state& shared, int i) const {
      shared["x" + std::to_string(i)] = i;
    }
  };
  simulation sim;
  const auto ended = sim.finish(sim.start(troupe::batch(
      "all", one_node(sets_or_fails{}), numbered(4), {.concurrency = 4})));
  CHECK(ended.failure.value().message() == "decisive");
  CHECK(ended.failure->item() == 2);
}

TEST_CASE("A fallback that throws names its attempt, and its item", "[batch]") {
  struct one {
    int exec() const { throw std::runtime_error("exec"); }
    int fallback(const troupe::error&) const {
      throw std::runtime_error("fallback");
    }
  };
  struct many {
    std::vector<int> prep() const { return {0, 1, 2}; }
    int exec(int i) const {
      if (i == 1) throw std::runtime_error("exec");
      return i;
    }
    int fallback(int) const { throw std::runtime_error("fallback"); }
  };
  struct many_slowly : many {
    std::vector<int> prep() const { return {0, 1, 2}; }
    troupe::task<int> exec(int i) const {
      co_await troupe::sleep_for(1ms);
      co_return many::exec(i);
    }
    troupe::task<int> fallback(int i) const {
      co_await troupe::sleep_for(1ms);
      co_return many::fallback(i);
    }
  };
  const troupe::node_options twice{.retry = {.attempts = 2}};
  simulation sim;
  CHECK(sim.finish(sim.start(one_node(one{}, twice))).failure->describe() ==
        "node 'only', attempt 1: node_threw: fallback");
  CHECK(sim.finish(sim.start(one_node(troupe::each(many{}), twice)))
            .failure->describe() ==
        "node 'only', item 1, attempt 1: node_threw: fallback");
  CHECK(sim.finish(sim.start(one_node(troupe::each(many_slowly{}), twice)))
            .failure->describe() ==
        "node 'only', item 1, attempt 1: node_threw: fallback");
}
