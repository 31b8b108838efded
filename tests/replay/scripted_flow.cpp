#include "replay/scripted_flow.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/context.hpp>
#include <troupe/each.hpp>
#include <troupe/sleep.hpp>
#include <troupe/state.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <map>
#include <numeric>
#include <stdexcept>

namespace troupe::replay {

void trace::add(context& ctx, const std::string& id, std::string_view phase,
                std::optional<std::uint32_t> attempt) {
  json entry = json::array({id, phase});
  if (attempt) entry.push_back(*attempt);
  ctx.emit(entry);
  const std::lock_guard lock{mutex_};
  if (!is_closed_) seen_.push_back(std::move(entry));
}

std::vector<json> trace::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(seen_, {});
}

void trace::close() {
  const std::lock_guard lock{mutex_};
  is_closed_ = true;
}

void trace::open() {
  const std::lock_guard lock{mutex_};
  is_closed_ = false;
}

namespace {

using number = std::int64_t;
using numbers = std::vector<number>;

/// The common part of all nodes that follow a script.
class script {
 public:
  script(element does, std::shared_ptr<trace> seen)
      : does_(std::make_shared<const element>(std::move(does))),
        seen_(std::move(seen)) {}

  [[nodiscard]] number input(const state& shared, context& ctx) const {
    seen_->add(ctx, does_->id, "prep");
    switch (does_->from) {
      case element::source::read:
        return shared.get<number>(does_->from_name);
      case element::source::param:
        return ctx.params().at(does_->from_name).get<number>();
      default:
        return does_->constant;
    }
  }
  [[nodiscard]] numbers items(context& ctx) const {
    seen_->add(ctx, does_->id, "prep");
    return does_->items;
  }
  void begin(context& ctx) const {
    seen_->add(ctx, does_->id, "exec", ctx.attempt());
  }
  [[nodiscard]] number result(number of, context& ctx) const {
    const auto attempt = ctx.attempt();
    if (does_->fail_always || attempt < does_->fail_first) {
      throw std::runtime_error{does_->id + " attempt " +
                               std::to_string(attempt)};
    }
    switch (does_->op) {
      case element::arithmetic::add:
        return wrapped(of + does_->by);
      case element::arithmetic::sub:
        return wrapped(of - does_->by);
      case element::arithmetic::mul:
        break;
    }
    return wrapped(of * does_->by);
  }
  [[nodiscard]] number fall_back(const error& why, context& ctx) const {
    seen_->add(ctx, does_->id, "fallback", ctx.attempt());
    if (!does_->fallback_gives) throw error{why};
    return *does_->fallback_gives;
  }
  [[nodiscard]] action write(state& shared, number result, context& ctx) const;
  [[nodiscard]] action write_sum(state& shared, const numbers& results,
                                 context& ctx) const {
    const auto sum = std::accumulate(results.begin(), results.end(), number{0});
    return write(shared, wrapped(sum), ctx);
  }

 private:
  std::shared_ptr<const element> does_;
  std::shared_ptr<trace> seen_;
};

action script::write(state& shared, number result, context& ctx) const {
  seen_->add(ctx, does_->id, "post");
  const auto& key = does_->key;
  switch (does_->write) {
    case element::writing::set:
      shared.set(key, result);
      break;
    case element::writing::add: {
      // Sums, as they are, so that those of siblings merge.
      const auto before = shared.get_or<number>(key, 0);
      shared.add(key, wrapped(before + result) - before);
      break;
    }
    case element::writing::append_log:
      shared.append("log", json::array({key, result}));
      break;
    case element::writing::put:
      shared.set("/" + key + "/" + ctx.params().at(does_->put_at).dump(),
                 result);
      break;
  }
  const auto amount = static_cast<std::size_t>(result < 0 ? -result : result);
  return does_->actions[amount % does_->actions.size()];
}

/// Waits a moment, so that others have their turn: the first attempt for
/// another thread, the later ones for the clock.
task<void> pause(context& ctx) {
  if (ctx.attempt() % 2 == 0) {
    co_await blocking([] {});
  } else {
    co_await sleep_for(std::chrono::microseconds{1});
  }
}

/// The `exec` of a node for one input, and for one item of a batch.
struct plain_exec {
  script does;

  number exec(number input, context& ctx) const {
    does.begin(ctx);
    return does.result(input, ctx);
  }
  number fallback(number, const error& why, context& ctx) const {
    return does.fall_back(why, ctx);
  }
};

struct plain_node : plain_exec {
  number prep(const state& shared, context& ctx) const {
    return does.input(shared, ctx);
  }
  action post(state& shared, number, number result, context& ctx) const {
    return does.write(shared, result, ctx);
  }
};

struct plain_batch_node : plain_exec {
  numbers prep(context& ctx) const { return does.items(ctx); }
  action post(state& shared, const numbers&, const numbers& results,
              context& ctx) const {
    return does.write_sum(shared, results, ctx);
  }
};

struct async_exec {
  script does;

  task<number> exec(number input, context& ctx) const {
    does.begin(ctx);
    co_await pause(ctx);
    co_return does.result(input, ctx);
  }
  task<number> fallback(number, const error& why, context& ctx) const {
    // The error may not outlive the first wait.
    const error known = why;
    co_await pause(ctx);
    co_return does.fall_back(known, ctx);
  }
};

struct async_node : async_exec {
  task<number> prep(const state& shared, context& ctx) const {
    co_await pause(ctx);
    co_return does.input(shared, ctx);
  }
  task<action> post(state& shared, number, number result, context& ctx) const {
    co_await pause(ctx);
    co_return does.write(shared, result, ctx);
  }
};

struct async_batch_node : async_exec {
  task<numbers> prep(context& ctx) const {
    co_await pause(ctx);
    co_return does.items(ctx);
  }
  task<action> post(state& shared, numbers, numbers results,
                    context& ctx) const {
    co_await pause(ctx);
    co_return does.write_sum(shared, results, ctx);
  }
};

/// The sums of siblings are merged as they are; together they may leave the
/// range that each of them kept.
action wrap_sums(state& shared, const std::vector<branch_outcome>&, context&) {
  std::map<std::string, number> over;
  for (const auto [key, held] : shared.root().members()) {
    if (!held.is_integer()) continue;
    const auto amount = held.get<number>();
    if (wrapped(amount) != amount) {
      over.emplace(key, wrapped(amount) - amount);
    }
  }
  for (const auto& [key, excess] : over) shared.add(key, excess);
  return {};
}

class flow_maker {
 public:
  flow_maker(const recorded_case& from, std::shared_ptr<trace> seen,
             std::string on)
      : from_(from), seen_(std::move(seen)), on_(std::move(on)) {}

  [[nodiscard]] flow make(const element& wanted) {
    // Two cases may have flows of one name, which workers tell apart by it.
    flow_builder builder{from_.name + ":" + wanted.id};
    std::map<std::string, node_ref> added;
    // The closure of what the start reaches, each element once.
    std::vector<std::string> open{wanted.start};
    while (!open.empty()) {
      const auto id = std::move(open.back());
      open.pop_back();
      if (added.contains(id)) continue;
      added.emplace(id, add(builder, find(id)));
      for (const auto& edge : edges_of(id)) open.push_back(edge.second);
    }
    for (const auto& [id, source] : added) {
      for (const auto& [on, target] : edges_of(id)) {
        source.next(added.at(target), on);
      }
    }
    const auto body = builder.build();
    if (wanted.what == element::kind::flow) return body;
    fan_out_options options;
    if (wanted.is_parallel) {
      options.concurrency = concurrent(64);
      // Writes of parallel items of a trace commute: equal values agree.
      options.on_conflict = on_conflict::agree;
    }
    options.post = wrap_sums;
    return batch(
        wanted.id, body,
        [items = wanted.item_params](const state&) { return items; },
        std::move(options));
  }

  [[nodiscard]] const element& find(const std::string& id) const {
    const auto found = from_.elements.find(id);
    if (found == from_.elements.end()) {
      throw std::runtime_error{from_.name + ": no element " + id};
    }
    return found->second;
  }

 private:
  [[nodiscard]] const recorded_case::edges& edges_of(
      const std::string& id) const {
    static const recorded_case::edges none;
    const auto found = from_.successors.find(id);
    return found == from_.successors.end() ? none : found->second;
  }

  node_ref add(flow_builder& builder, const element& what) {
    script does{what, seen_};
    node_options options;
    options.retry.attempts = what.attempts;
    options.on = on_;
    switch (what.what) {
      case element::kind::node:
        if (what.is_async) {
          return builder.add(what.id, async_node{{std::move(does)}}, options);
        }
        return builder.add(what.id, plain_node{{std::move(does)}}, options);
      case element::kind::batch_node: {
        const each_options width{what.is_parallel ? std::size_t{64} : 1};
        if (what.is_async) {
          return builder.add(what.id,
                             each(async_batch_node{{std::move(does)}}, width),
                             options);
        }
        return builder.add(
            what.id, each(plain_batch_node{{std::move(does)}}, width), options);
      }
      default:
        return builder.add(what.id, make(what));
    }
  }

  const recorded_case& from_;
  std::shared_ptr<trace> seen_;
  std::string on_;
};

}  // namespace

flow make_flow(const recorded_case& from, std::shared_ptr<trace> seen,
               std::string on) {
  flow_maker maker{from, std::move(seen), std::move(on)};
  return maker.make(maker.find(from.root));
}

}  // namespace troupe::replay
