#include "counting_flow.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace chaos {

namespace {

using troupe::branch_outcome;
using troupe::context;
using troupe::json;
using troupe::state;

constexpr int wait_min_ms = 5;
constexpr int wait_max_ms = 50;

piece piece_of(const context& ctx, std::string name) {
  return {ctx.params().at("run").get<std::int64_t>(), std::move(name)};
}

std::minstd_rand random_of(const context& ctx, std::int64_t salt) {
  std::seed_seq seeds{ctx.params().at("seed").get<std::int64_t>(),
                      ctx.params().at("run").get<std::int64_t>(), salt};
  return std::minstd_rand{seeds};
}

int wait_ms(std::minstd_rand& random) {
  return std::uniform_int_distribution{wait_min_ms, wait_max_ms}(random);
}

/// The sub-flow of an item.
struct item_node {
  journal_ptr notes;

  troupe::task<> exec(context& ctx) const {
    noted note{notes, piece_of(ctx, name(ctx))};
    const std::chrono::milliseconds span{ctx.params().at("wait_ms").get<int>()};
    co_await troupe::sleep_for(span);
    note.end();
  }
  void post(state& shared, const context& ctx) const {
    shared.add("/counts/" + name(ctx), shared.at("one"));
  }

  static std::string name(const context& ctx) {
    return std::to_string(ctx.params().at("item").get<int>());
  }
};

/// A step of which workers do the `exec`.
struct placed_step {
  journal_ptr notes;
  std::string name;

  int prep(const state&, const context& ctx) const {
    auto random = random_of(ctx, static_cast<std::int64_t>(name.size()));
    return wait_ms(random);
  }
  troupe::task<int> exec(int span_ms, context& ctx) const {
    noted note{notes, piece_of(ctx, name)};
    co_await troupe::sleep_for(std::chrono::milliseconds{span_ms});
    note.end();
    co_return 2 * span_ms;
  }
  void post(state& shared, int span_ms, int result) const {
    shared.add("/counts/" + name, result == 2 * span_ms ? 1 : 0);
  }
};

std::vector<json> items_of(const state&, const context& ctx) {
  auto random = random_of(ctx, 0);
  std::vector<json> items;
  const auto count = ctx.params().at("items").get<int>();
  for (int i = 0; i < count; ++i) {
    items.push_back({{"item", i}, {"wait_ms", wait_ms(random)}});
  }
  return items;
}

const char* name_of(branch_outcome::kind how) {
  switch (how) {
    case branch_outcome::kind::finished:
      return "/outcomes/finished";
    case branch_outcome::kind::failed:
      return "/outcomes/failed";
    default:
      return "/outcomes/cancelled";
  }
}

troupe::action count_outcomes(state& shared,
                              const std::vector<branch_outcome>& outcomes,
                              const context&) {
  for (const auto& each : outcomes) {
    shared.add(name_of(each.how), 1);
    if (each.failure) shared.set("why", each.failure->message());
  }
  return {};
}

}  // namespace

troupe::state initial_state() {
  constexpr std::size_t ballast_bytes = 16'384;
  return {{"one", 1}, {"ballast", std::string(ballast_bytes, 'x')}};
}

troupe::flow counting_flow(const journal_ptr& notes) {
  troupe::node_options placed;
  placed.on = label;
  troupe::flow_builder one{"item"};
  one.add("count", item_node{notes});
  troupe::fan_out_options many;
  many.concurrency = troupe::concurrent(width);
  many.on = label;
  many.on_failure = troupe::collect;
  many.post = count_outcomes;
  troupe::flow_builder whole{"counting"};
  const auto open = whole.add("open", placed_step{notes, "open"}, placed);
  const auto items =
      whole.add("items", troupe::batch("batch", one.build(), items_of, many));
  const auto close = whole.add("close", placed_step{notes, "close"}, placed);
  open >> items >> close;
  return whole.build();
}

}  // namespace chaos
