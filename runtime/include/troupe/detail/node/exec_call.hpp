#pragma once

#include "troupe/detail/fiber/held_permits.hpp"
#include "troupe/detail/fiber/node_permit.hpp"
#include "troupe/detail/node/attempt.hpp"
#include "troupe/detail/placed/placed_call.hpp"
#include "troupe/detail/value/read_form.hpp"
#include "troupe/sleep.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::detail {

/// `exec` of the node type `N` under its options. Used for a step and for each
/// item of a batch node.
template <class N>
struct exec_call {
  using p = phases<N>;
  using phase = phase_call<N, exec_phase>;
  using exec_t = typename p::exec_value;
  using result_t = typename phase::result_t;

  /// True if an attempt can be made in another process.
  template <class Input>
  static constexpr bool can_travel =
      readable_or_none<std::remove_const_t<Input>>&& readable_or_none<exec_t>;

  /// Calls a plain `exec` on this thread.
  template <class Input>
  static exec_t at_once(const attempt<N, Input>& what) {
    const auto limit = what.options.timeout;
    const time_point began = limit ? what.ctx.now() : time_point{};
    exec_t given = phase::here(what);
    if (limit && what.ctx.now() - began > *limit) {
      throw error{errc::timed_out, "returned after its time limit"};
    }
    return given;
  }

  /// Makes the task of an attempt that may have to wait.
  template <class Input>
  static task<result_t> as_task(const attempt<N, Input>& what) {
    if constexpr (p::exec_is_task) {
      const auto& options = what.options;
      // A batch node applies its options item by item.
      if (lends_input<N> ||
          (!has_line(options) && !options.timeout && options.on.empty())) {
        return phase::user_task(what);
      }
    }
    return limited(what);
  }

  /// The attempt itself, without waiting for permits.
  template <class Input>
  static task<result_t> begin(const attempt<N, Input>& what) {
    const auto& options = what.options;
    if constexpr (can_travel<Input>) {
      if (!options.on.empty()) {
        auto there = attempt_elsewhere(what.ctx, what.shared, options);
        if (there) return elsewhere(what.input, std::move(*there));
      }
    }
    task<result_t> work;
    if constexpr (p::exec_is_task) {
      work = phase::user_task(what);
    } else if (options.threads == threads::blocking) {
      return phase::on_blocking_thread(what, options.timeout);
    } else {
      work = on_this_thread(what);
    }
    if (!options.timeout) return work;
    return within_limit(*options.timeout, std::move(work));
  }

 private:
  template <class Input>
  static task<result_t> limited(attempt<N, Input> what) {
    const auto& options = what.options;
    std::vector<std::shared_ptr<void>> permits;
    held_permits mine;
    mine.holder = &what.ctx.host();
    begin_holding holding{mine};
    co_await holding;
    if (options.concurrency) {
      node_permit place{what.node.get(), *options.concurrency};
      auto permit = co_await place;
      mine.add(place.lender(), permit);
      permits.push_back(std::move(permit));
    }
    for (const auto& each : options.limits) {
      auto entering = each.line().enter();
      auto permit = co_await entering;
      mine.add(each.line().lender(), permit);
      permits.push_back(std::move(permit));
    }
    try {
      auto work = begin(what);
      co_return co_await work;
    } catch (...) {
      if (!options.limits.empty()) tell_limits(options);
      throw;
    }
  }

  static void tell_limits(const node_options& options) {
    const auto why = error::from(std::current_exception());
    for (const auto& each : options.limits) each.line().on_failed(why);
  }

  template <class Input>
  static task<result_t> elsewhere(Input& input, placed_work what) {
    what.input = make_form(input);
    placed_call call_there{std::move(what)};
    const json given = co_await call_there;
    co_return static_cast<result_t>(read_form<exec_t>(given));
  }

  static task<result_t> within_limit(duration limit, task<result_t> work) {
    within_operation<result_t> limited_work{limit, std::move(work),
                                            wait_end::of_attempt};
    co_return co_await limited_work;
  }

  template <class Input>
  static task<result_t> on_this_thread(attempt<N, Input> what) {
    co_return static_cast<result_t>(at_once(what));
  }
};

/// `fallback` of the node type `N`, on the threads that its options name: what
/// stands in for a call that may block may block as well.
template <class N>
struct fallback_call {
  using p = phases<N>;
  using phase = phase_call<N, fallback_phase>;
  using result_t = typename phase::result_t;

  /// True if it can be called where it stands, by `phase::here`.
  [[nodiscard]] static bool is_plain(const node_options& options) noexcept {
    return !p::fallback_is_task && options.threads != threads::blocking;
  }

  /// For one that is not plain.
  template <class Input>
  static task<result_t> as_task(const attempt<N, Input>& what) {
    if constexpr (p::fallback_is_task) {
      return keeping_error(what, *what.why);
    } else {
      return phase::on_blocking_thread(what, std::nullopt);
    }
  }

 private:
  // A coroutine may refer to the error, which its caller has no longer.
  template <class Input>
  static task<result_t> keeping_error(attempt<N, Input> what, error why) {
    what.why = &why;
    auto work = phase::user_task(what);
    co_return co_await work;
  }
};

}  // namespace troupe::detail
