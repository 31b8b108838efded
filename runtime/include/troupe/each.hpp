#pragma once

#include "troupe/concurrency.hpp"
#include "troupe/detail/node/exec_call.hpp"
#include "troupe/detail/node/items.hpp"
#include "troupe/detail/node/kept_result.hpp"
#include "troupe/detail/value/mixed.hpp"
#include "troupe/gather.hpp"
#include "troupe/node.hpp"
#include "troupe/retry.hpp"
#include "troupe/sleep.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

/// Options of a batch node.
struct each_options {
  /// The maximum number of items whose `exec` has started and not ended; 1 and
  /// `sequence` mean one after the other. At least 1.
  std::size_t concurrency = 1;
};

namespace detail {

/// A batch node: `prep` returns the items, `exec` and `fallback` work on one.
template <class N>
class each_node {
  using p = phases<N>;
  using prep_t = typename p::prep_value;
  using exec_t = typename p::exec_value;
  static_assert(std::copy_constructible<N>,
                "a node must be copyable, because one object serves all runs: "
                "hold what is not copyable by a std::shared_ptr");
  static_assert(has_prep<N> && has_exec<N>,
                "a batch node needs a prep that returns the items and an exec "
                "for each item; this is no class with both");
  static_assert(!p::has_prep || gives_items<prep_t>,
                "prep of a batch node must return a range of items, or JSON");

 public:
  /// The frame of the step keeps the items, so coroutines may refer to them.
  using lends_input = void;
  using node_type = N;
  using items_t = items_given<prep_t>;
  using item_t = typename items_t::value_type;
  /// An item for the length of its task: a reference or, if the list has none,
  /// as a list of `bool`, a copy.
  using held_item_t = std::conditional_t<
      std::is_reference_v<std::ranges::range_reference_t<const items_t&>>,
      const item_t&, const item_t>;
  static constexpr bool exec_of_item_is_task = p::exec_is_task;

  each_node(N node, each_options options)
      : node_(std::make_shared<const N>(std::move(node))), options_(options) {
    if (options_.concurrency != 0) return;
    throw error{errc::bad_flow, "each: concurrency must be at least 1, got 0"};
  }

  /// Returns the node that works on one item.
  [[nodiscard]] const std::shared_ptr<const N>& of_item() const noexcept {
    return node_;
  }

  task<items_t> prep(const state& shared, context& ctx) const {
    const supplies from{&shared, nullptr, &ctx, nullptr};
    if constexpr (p::prep_is_task) {
      auto work = caller<typename p::prep_parameters>::call(
          *node_, &N::prep, std::tuple<>{}, from);
      co_return items_of(co_await work);
    } else {
      co_return items_of(caller<typename p::prep_parameters>::call(
          *node_, &N::prep, std::tuple<>{}, from));
    }
  }

  task<std::vector<exec_t>> exec(const items_t& items, const state& shared,
                                 context& ctx) const {
    std::vector<task<exec_t>> tasks;
    tasks.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      tasks.push_back(run_item(items[i], i, shared, ctx));
    }
    gather_options options;
    options.width = options_.concurrency == sequence ? 1 : options_.concurrency;
    gather_operation<exec_t> all{std::move(tasks), options};
    co_return co_await all;
  }

  auto post(state& shared, const items_t& items, std::vector<exec_t> results,
            context& ctx) const {
    if constexpr (p::has_post) {
      const supplies from{&shared, &shared, &ctx, nullptr};
      using call = caller<typename p::post_parameters>;
      return call::call(
          *node_, &N::post,
          std::tuple_cat(std::tuple<const items_t&>{items}, values_of(results)),
          from);
    }
  }

 private:
  using attempt_t = attempt<N, std::remove_reference_t<held_item_t>>;

  task<exec_t> run_item(held_item_t item, std::size_t index,
                        const state& shared, context& step) const {
    if (auto known = kept_result<exec_t>(step, index)) {
      co_return *std::move(known);
    }
    const node_options& options = step.host().options();
    for (std::uint32_t attempt = 0;; ++attempt) {
      context ctx{step.host(), attempt, index};
      const attempt_t what{node_, item, shared, ctx, options};
      std::optional<error> why;
      enter_item(step, index, attempt);
      try {
        auto work = exec_call<N>::as_task(what);
        regular_end ended{work};
        auto given = co_await ended;
        leave_item();
        keep_result(step, index, given);
        co_return given;
      } catch (...) {
        why = error::from(std::current_exception());
      }
      leave_item();
      why->at_item(index).at_attempt(attempt);
      const auto next = decide_retry(options.retry, attempt, *why,
                                     mixed(step.host().seed(), index));
      if (!next.again || !step.host().take_retry()) {
        try {
          if (next.broken) throw error{*next.broken};
          enter_item(step, index, attempt + 1);
          auto last = give_up(what, *why);
          auto given = co_await last;
          leave_item();
          keep_result(step, index, given);
          co_return given;
        } catch (...) {
          why = error::from(std::current_exception());
        }
        leave_item();
        throw error{why->at_item(index).at_attempt(attempt)};
      }
      tell(ctx, event_kind::retry, *why, next.wait);
      sleep_for pause{next.wait};
      co_await pause;
    }
  }

  task<exec_t> give_up(attempt_t what, const error& why) const {
    if constexpr (p::has_fallback) {
      tell(what.ctx, event_kind::fallback, why, {});
      what.why = &why;
      using call = fallback_call<N>;
      if (!call::is_plain(what.options)) {
        auto work = call::as_task(what);
        regular_end ended{work};
        co_return co_await ended;
      }
      if constexpr (!p::fallback_is_task) co_return call::phase::here(what);
    }
    throw why;
  }

  static void tell(context& ctx, event_kind kind, const error& why,
                   duration wait) {
    if (!ctx.host().listens(event_detail::steps)) return;
    event what;
    what.kind = kind;
    what.attempt = ctx.attempt();
    what.item = ctx.item();
    what.text = why.message();
    what.wait = wait;
    ctx.host().tell(std::move(what));
  }

  std::shared_ptr<const N> node_;
  each_options options_;
};

}  // namespace detail

/// Makes a batch node of `node`: its `prep` returns a range of items (or JSON,
/// where null means none), its `exec` is called for each, and its `post` takes
/// the items and the list of results in the order of the items. Attempts,
/// waits, time limits and the fallback of the node options apply to each item;
/// an item that finally fails ends the step, and later items do not run.
template <class N>
[[nodiscard]] detail::each_node<N> each(N node, each_options options) {
  return {std::move(node), options};
}
template <class N>
[[nodiscard]] detail::each_node<N> each(N node) {
  return {std::move(node), each_options{}};
}

}  // namespace troupe
