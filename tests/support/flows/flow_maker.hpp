#pragma once

#include "support/actors/world.hpp"
#include "support/flows/random_nodes.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/flow.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// Puts random flows together, the same ones for the same seed.
class flow_maker {
 public:
  /// Flows that stop early have policies under which a failure cancels.
  flow_maker(std::uint64_t seed, world& in, bool stops_early = false)
      : random_(seed), in_(in), stops_early_(stops_early) {}

  troupe::flow make(int depth) {
    troupe::flow_builder builder{"flow" + std::to_string(next_id_++)};
    const auto length = 1 + below(3);
    std::vector<troupe::node_ref> nodes;
    for (std::size_t i = 0; i < length; ++i) {
      nodes.push_back(add_node(builder, depth));
      if (i > 0) nodes[i - 1] >> nodes[i];
    }
    return builder.build();
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::size_t one_of(const std::vector<std::size_t>& choices) {
    return choices[below(choices.size())];
  }

  troupe::node_options options(std::uint32_t attempts) {
    using namespace std::chrono_literals;
    troupe::node_options chosen;
    chosen.retry.attempts = attempts;
    chosen.retry.wait = 1ms * below(20);
    chosen.retry.backoff = 1.0 + static_cast<double>(below(3));
    chosen.retry.jitter = static_cast<troupe::jitter>(below(3));
    chosen.timeout = 1h;
    if (below(4) == 0) {
      chosen.concurrency = static_cast<std::uint32_t>(1 + below(3));
    }
    return chosen;
  }

  troupe::node_ref add_node(troupe::flow_builder& builder, int depth) {
    const int id = next_id_++;
    const auto name = "n" + std::to_string(id);
    const auto attempts = static_cast<std::uint32_t>(1 + below(4));
    const random_part part{&in_, id, attempts};
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return builder.add(name, random_step{part}, options(attempts));
      case 1:
        return builder.add(name, random_step_with_fallback{{part}},
                           options(attempts));
      case 2: {
        const auto loop = builder.add(
            name, random_loop{part, static_cast<std::int64_t>(1 + below(3))},
            options(attempts));
        loop - "again" >> loop;
        return loop;
      }
      case 3:
        return builder.add(name,
                           troupe::each(random_items{part, below(4)},
                                        {.concurrency = one_of({1, 2, 3, 8})}),
                           options(attempts));
      case 4: {
        auto chosen = options(attempts);
        chosen.threads = troupe::blocking;
        return builder.add(name, random_loop{part, 1}, chosen);
      }
      case 5:
        return builder.add(name, make(depth - 1));
      case 6:
        return builder.add(name, make_batch(name, depth));
      default: {
        std::vector<troupe::flow> branches;
        const auto count = 1 + below(3);
        for (std::size_t i = 0; i < count; ++i) {
          branches.push_back(make(depth - 1));
        }
        return builder.add(name, troupe::fork(name, branches, fan_out(count)));
      }
    }
  }

  troupe::flow make_batch(const std::string& name, int depth) {
    const auto count = below(5);
    auto chosen = fan_out(count);
    chosen.concurrency = one_of({troupe::sequence, 2, 3, 8});
    const auto items = [count](const troupe::state&) {
      std::vector<troupe::json> all;
      for (std::size_t i = 0; i < count; ++i) all.push_back({{"i", i}});
      return all;
    };
    return troupe::batch(name, make(depth - 1), items, std::move(chosen));
  }

  troupe::fan_out_options fan_out(std::size_t count) {
    const std::vector<troupe::failure_policy> policies{
        troupe::fail_fast,     troupe::tolerate(1),         troupe::quorum(2),
        troupe::first_success, troupe::tolerate_share(0.4), troupe::collect};
    troupe::fan_out_options chosen;
    // All sub-flows of a batch set the same places.
    chosen.on_conflict = troupe::on_conflict::agree;
    chosen.on_failure =
        stops_early_ ? policies[below(policies.size())] : troupe::collect;
    chosen.post = [in = &in_, count, all = !stops_early_](
                      troupe::state& shared, const auto& outcomes,
                      troupe::context& ctx) {
      in->expect(outcomes.size() == count || (!all && outcomes.size() < count),
                 ctx.key() + ": lost sub-flows");
      for (const auto& each : outcomes) {
        in->expect(!all || each.how != troupe::branch_outcome::kind::cancelled,
                   ctx.key() + ": cancelled without a reason");
        shared.add(each.failure ? "failed" : "finished", 1);
      }
      return troupe::action{};
    };
    return chosen;
  }

  std::mt19937_64 random_;
  world& in_;
  bool stops_early_;
  int next_id_ = 0;
};

}  // namespace troupe_test
