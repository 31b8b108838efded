#pragma once

#include "counted.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/flow.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// What went on, so that a test sees that there was trouble.
struct trouble {
  std::size_t attempts = 0;
  std::size_t failures = 0;
  std::size_t fallbacks = 0;
  std::size_t deaths = 0;
};

/// What the nodes of random flows do in the current run, and what they saw.
class world {
 public:
  enum class mood {
    /// Nothing goes wrong.
    calm,
    /// All that goes wrong is made good by another attempt.
    rough,
    /// Nodes may fail for good.
    broken,
  };

  void begin_run(mood how, std::uint64_t seed, int deaths) {
    mood_ = how;
    seed_ = seed;
    deaths_left_ = deaths;
    deaths_ = 0;
    steps_.clear();
    problems_.clear();
  }

  struct deed {
    enum class kind { gives, throws, hangs, dies };
    kind what = kind::gives;
    std::chrono::milliseconds wait{};
  };

  /// An attempt of up to `limit` begins: what is it to do?
  deed begin_attempt(const troupe::context& ctx, std::uint32_t limit,
                     bool may_wait, bool may_die);
  void on_threw(const troupe::context& ctx) { ++steps_[ctx.key()].thrown; }
  void on_gave(const troupe::context& ctx) { steps_[ctx.key()].over = true; }
  void on_fallback(const troupe::context& ctx);

  void expect(bool holds, const std::string& text) {
    if (!holds) problems_.push_back(text);
  }
  /// After a run that was not cancelled, even in part: a step that did not
  /// succeed has made all its attempts.
  void expect_all_attempts();

  [[nodiscard]] int deaths() const { return deaths_; }
  /// Over all runs so far.
  [[nodiscard]] static const trouble& all() { return all_; }
  [[nodiscard]] const std::vector<std::string>& problems() const {
    return problems_;
  }

 private:
  struct step {
    std::uint32_t limit = 0;
    std::uint32_t thrown = 0;
    /// In an attempt that only a time limit ends.
    bool hangs = false;
    bool over = false;
  };

  inline static trouble all_;
  mood mood_ = mood::calm;
  std::uint64_t seed_ = 0;
  int deaths_left_ = 0;
  int deaths_ = 0;
  std::map<std::string, step> steps_;
  std::vector<std::string> problems_;
};

inline world::deed world::begin_attempt(const troupe::context& ctx,
                                        std::uint32_t limit, bool may_wait,
                                        bool may_die) {
  const std::string key = ctx.key();
  auto& now = steps_[key];
  now.limit = limit;
  ++all_.attempts;
  // Whose actor died begins anew.
  if (ctx.attempt() == 0) now = {limit, 0, false, false};
  if (std::exchange(now.hangs, false) && ctx.attempt() > now.thrown) {
    ++now.thrown;
  }
  expect(ctx.attempt() == now.thrown,
         key + ": attempt " + std::to_string(ctx.attempt()) + " after " +
             std::to_string(now.thrown) + " failures");
  expect(ctx.attempt() < limit, key + ": more attempts than it may");

  std::mt19937_64 random{seed_ ^ (std::hash<std::string>{}(key) +
                                  ctx.attempt() * 0x9e3779b97f4a7c15u)};
  const auto chance = [&](std::uint64_t percent) {
    return random() % 100 < percent;
  };
  deed chosen;
  if (mood_ == mood::calm) return chosen;
  if (may_wait && chance(40)) {
    chosen.wait = std::chrono::milliseconds{random() % 50};
  }
  if (may_die && deaths_left_ > 0 && chance(5)) {
    --deaths_left_;
    ++deaths_;
    ++all_.deaths;
    chosen.what = deed::kind::dies;
    return chosen;
  }
  const bool may_fail = mood_ == mood::broken || ctx.attempt() + 1 < limit;
  if (may_fail && chance(30)) {
    ++all_.failures;
    now.hangs = may_wait && chance(30);
    chosen.what = now.hangs ? deed::kind::hangs : deed::kind::throws;
  }
  return chosen;
}

inline void world::on_fallback(const troupe::context& ctx) {
  auto& now = steps_[ctx.key()];
  const auto thrown = now.thrown + (now.hangs ? 1 : 0);
  expect(thrown == now.limit, ctx.key() + ": fell back after " +
                                  std::to_string(thrown) + " of " +
                                  std::to_string(now.limit) + " attempts");
  now.over = true;
  ++all_.fallbacks;
}

inline void world::expect_all_attempts() {
  for (const auto& [key, now] : steps_) {
    const auto thrown = now.thrown + (now.hangs ? 1 : 0);
    expect(now.over || thrown == now.limit,
           key + ": gave up after " + std::to_string(thrown) + " of " +
               std::to_string(now.limit) + " attempts");
  }
}

/// What the nodes of random flows share: what they are told, and what they
/// write. Everything they write merges, whatever runs beside it.
struct random_part {
  world* in;
  int id;
  std::uint32_t limit;

  std::int64_t prep(const troupe::state& shared) const {
    return shared.get_or<std::int64_t>("/count/" + std::to_string(id), 0);
  }
  [[nodiscard]] std::int64_t result(std::int64_t input) const {
    return input * 31 + id;
  }
  void write(troupe::state& shared, std::int64_t given,
             const troupe::context& ctx) const {
    const auto name = std::to_string(id);
    shared.add("/count/" + name, 1);
    shared.add("sum", given);
    shared.append("log", id);
    shared.max("highest", given);
    shared.set("/last/" + name, id);
    static_cast<void>(ctx);
  }
  troupe::task<> suffer(world::deed what, troupe::context& ctx) const {
    using kind = world::deed::kind;
    counted local;
    troupe::sleep_for pause{what.wait};
    co_await pause;
    if (what.what == kind::hangs) {
      troupe::sleep_for forever{std::chrono::hours{24}};
      co_await forever;
    }
    if (what.what == kind::dies) {
      troupe::testing::script end;
      end.dies();
      auto last = end.next(ctx);
      co_await last;
    }
    if (what.what == kind::throws) {
      in->on_threw(ctx);
      throw std::runtime_error("on purpose");
    }
  }
  /// Only the actors of sub-flows, and of nodes, are replaced.
  [[nodiscard]] bool may_die(const troupe::context& ctx) const {
    return by_message || ctx.run_id().find('/') != std::string::npos;
  }
  inline static bool by_message = false;
};

/// A step with a coroutine.
struct random_step : random_part {
  troupe::task<std::int64_t> exec(std::int64_t input,
                                  troupe::context& ctx) const {
    const auto what = in->begin_attempt(ctx, limit, true, may_die(ctx));
    auto work = suffer(what, ctx);
    co_await work;
    in->on_gave(ctx);
    co_return result(input);
  }
  void post(troupe::state& shared, std::int64_t, std::int64_t given,
            troupe::context& ctx) const {
    write(shared, given, ctx);
  }
};

struct random_step_with_fallback : random_step {
  std::int64_t fallback(std::int64_t, troupe::context& ctx) const {
    in->on_fallback(ctx);
    return -1;
  }
};

/// A step with a plain call, which goes round a few times.
struct random_loop : random_part {
  std::int64_t rounds = 1;

  std::int64_t exec(std::int64_t input, troupe::context& ctx) const {
    const auto what = in->begin_attempt(ctx, limit, false, false);
    if (what.what == world::deed::kind::throws) {
      in->on_threw(ctx);
      throw std::runtime_error("on purpose");
    }
    in->on_gave(ctx);
    return result(input);
  }
  troupe::action post(troupe::state& shared, std::int64_t input,
                      std::int64_t given, troupe::context& ctx) const {
    write(shared, given, ctx);
    return (input + 1) % rounds == 0 ? "" : "again";
  }
};

/// A batch node.
struct random_items : random_part {
  std::size_t count = 0;

  std::vector<std::int64_t> prep(const troupe::state&) const {
    std::vector<std::int64_t> items;
    for (std::size_t i = 0; i < count; ++i) {
      items.push_back(static_cast<std::int64_t>(i));
    }
    return items;
  }
  troupe::task<std::int64_t> exec(std::int64_t item,
                                  troupe::context& ctx) const {
    const auto what = in->begin_attempt(ctx, limit, true, may_die(ctx));
    auto work = suffer(what, ctx);
    co_await work;
    in->on_gave(ctx);
    co_return result(item);
  }
  std::int64_t fallback(std::int64_t, troupe::context& ctx) const {
    in->on_fallback(ctx);
    return -1;
  }
  void post(troupe::state& shared, const std::vector<std::int64_t>& items,
            std::vector<std::int64_t> results, troupe::context& ctx) const {
    in->expect(items.size() == count && results.size() == count,
               ctx.key() + ": lost items");
    for (const auto each : results) write(shared, each, ctx);
  }
};

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
    chosen.concurrency = one_of({1, 2, 3, 8});
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
