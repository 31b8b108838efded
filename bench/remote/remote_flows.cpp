#include "remote/remote_flows.hpp"

#include "measure.hpp"
#include "numbered_items.hpp"

#include <troupe/batch.hpp>

#include <cstdint>
#include <utility>

namespace troupe::bench {

namespace {

struct echo_node {
  std::string prep(const state&, const context& ctx) const {
    steps->began_ns[number_of(ctx)] = now_ns();
    return steps->payload;
  }
  std::string exec(std::string payload) const { return payload; }
  action post(state&, const std::string& sent, const std::string& back,
              const context& ctx) const {
    const auto n = steps->ended++;
    steps->took_ns[n] = now_ns() - steps->began_ns[number_of(ctx)];
    if (back != sent) ++steps->wrong;
    if (steps->begun++ >= steps->all) return "stop";
    return {};
  }

  static std::size_t number_of(const context& ctx) {
    return ctx.params().at("run").get<std::size_t>();
  }

  std::shared_ptr<echo_steps> steps;
};

struct next_number {
  std::int64_t prep(const state&, const context& ctx) const {
    return ctx.params().at("i").get<std::int64_t>();
  }
  std::int64_t exec(std::int64_t i) const { return i + 1; }
  action post(state&, std::int64_t, std::int64_t) const { return {}; }
};

struct write_number : next_number {
  action post(state& shared, std::int64_t i, std::int64_t next) const {
    shared["next"][std::to_string(i)] = next;
    return {};
  }
};

}  // namespace

flow echo_flow(std::shared_ptr<echo_steps> steps) {
  flow_builder made{"echo"};
  const auto echo =
      made.add("echo", echo_node{std::move(steps)}, {.on = remote_label});
  echo >> echo;
  (echo - "stop") >> made.add("end", [](state&) {});
  return made.build();
}

flow numbers_flow(std::size_t n, std::size_t concurrency, sub_flows_at where) {
  flow_builder one{"number"};
  const auto first = one.add("first", next_number{});
  first >> one.add("second", next_number{}) >> one.add("third", write_number{});
  fan_out_options options;
  options.concurrency = concurrency;
  if (where == sub_flows_at::workers) options.on = remote_label;
  return batch(
      "numbers", one.build(), [n](const state&) { return numbered_items{n}; },
      std::move(options));
}

}  // namespace troupe::bench
