#pragma once

#include "support/actors/world.hpp"
#include "support/counted.hpp"

#include <troupe/action.hpp>
#include <troupe/context.hpp>
#include <troupe/sleep.hpp>
#include <troupe/state.hpp>
#include <troupe/task.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe_test {

/// The common part of the nodes of random flows: their parameters, and their
/// writes. Everything they write merges, whatever runs beside it.
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

}  // namespace troupe_test
