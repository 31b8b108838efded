#pragma once

#include "troupe/concurrency.hpp"
#include "troupe/detail/node/call.hpp"
#include "troupe/detail/node/fan_out_post.hpp"
#include "troupe/flow.hpp"
#include "troupe/merge.hpp"
#include "troupe/window.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

/// Options of a batch or a fork.
struct fan_out_options {
  /// The maximum number of sub-flows alive at once, from 1 to
  /// `concurrency_max`, or `sequence`. A fork runs all its branches at once.
  std::size_t concurrency = sequence;
  /// The effect of a failed sub-flow on the others and on the whole.
  failure_policy on_failure = fail_fast;
  /// The rule for two sub-flows that write one place differently.
  troupe::on_conflict on_conflict = troupe::on_conflict::error;
  /// Top-level keys that a sub-flow keeps to itself: its writes to them are
  /// dropped when it ends.
  std::vector<std::string> local = {};
  /// The label of the workers that run the sub-flows. A snapshot of the state
  /// is sent once per worker or, in sequence, once per sub-flow; params are
  /// sent and writes come back. If it is empty, or the process does not listen
  /// for workers, they run here.
  std::string on = {};
  /// Called once at the end, unless the whole failed: with `state&`, which it
  /// may write, `const std::vector<branch_outcome>&`, the outcomes in the order
  /// of the items, and `context&`; it may leave out any of them. It returns the
  /// action of the flow, or nothing.
  detail::fan_out_post post = {};
};

namespace detail {

/// Checks that `item` is an object. Errors: `errc::bad_items`.
value checked_item(value item);
/// JSON as a source: an array of objects, or null for none.
item_source source_from_json(const value& list);

/// Empties `form`, so that its destruction needs no memory. The destructor of
/// nlohmann's containers allocates, and ends the process if it cannot.
void dismantle(json& form) noexcept;

/// The items of a batch, which whatever stops the batch ends in the middle.
template <class List>
struct item_list {
  explicit item_list(List given) : all(std::move(given)) {}
  item_list(const item_list&) = delete;
  item_list& operator=(const item_list&) = delete;
  ~item_list() {
    if constexpr (std::same_as<std::ranges::range_reference_t<List&>, json&>) {
      for (json& each : all) dismantle(each);
    }
  }

  List all;
};

template <class List>
item_source source_of(List list) {
  if constexpr (one_of<List, json, value>) {
    return source_from_json(value{std::move(list)});
  } else if constexpr (std::convertible_to<List, item_source>) {
    return [inner = item_source{std::move(list)}]() -> std::optional<value> {
      auto next = inner();
      if (!next) return std::nullopt;
      return checked_item(*std::move(next));
    };
  } else {
    static_assert(std::ranges::forward_range<List>,
                  "a batch needs a range of params, JSON, or a function that "
                  "returns an optional<value>, empty at the end");
    auto items = std::make_shared<item_list<List>>(std::move(list));
    return [items, at = std::ranges::begin(
                       items->all)]() mutable -> std::optional<value> {
      if (at == std::ranges::end(items->all)) return std::nullopt;
      return checked_item(value{*at++});
    };
  }
}

/// Returns whether `Items` gives all items at once, and not one by one.
template <class Items>
constexpr bool gives_list() {
  if constexpr (std::invocable<const Items&, const state&, context&>) {
    using given = std::invoke_result_t<const Items&, const state&, context&>;
    return one_of<given, json, value> ||
           !std::convertible_to<given, item_source>;
  } else {
    using given = std::invoke_result_t<const Items&, const state&>;
    return one_of<given, json, value> ||
           !std::convertible_to<given, item_source>;
  }
}

flow make_fan_out(std::string name, fan_out_spec model);

void apply(fan_out_spec& model, fan_out_options options);

}  // namespace detail

/// A flow that runs `body` once per item, each in a sub-flow actor of its own.
///
/// `items` is called once with the state, and the context if it takes one. It
/// returns the params of the sub-flows: a range of JSON objects, a JSON array
/// (null means none), or a function that returns them one by one, called only
/// when a sub-flow may start. Each is merged over the params of the batch
/// itself; members of the item win. The action of a batch without a `post` is
/// the default one.
///
/// Errors: throws `errc::bad_flow` for invalid options.
template <class Items>
[[nodiscard]] flow batch(std::string name, flow body, Items items,
                         fan_out_options options) {
  detail::fan_out_spec model;
  model.bodies.push_back(body.share());
  static_assert(
      !detail::copies_state<Items>,
      "writes to a copy of the state are lost: take it as const state&");
  model.items = [items = std::move(items)](const state& shared, context& ctx) {
    if constexpr (std::invocable<const Items&, const state&, context&>) {
      return detail::source_of(items(shared, ctx));
    } else {
      static_assert(std::invocable<const Items&, const state&>,
                    "the items of a batch: a callable that takes const state& "
                    "and, optionally, context&");
      static_cast<void>(ctx);
      return detail::source_of(items(shared));
    }
  };
  model.items_are_listed = detail::gives_list<Items>();
  detail::apply(model, std::move(options));
  return detail::make_fan_out(std::move(name), std::move(model));
}

template <class Items>
[[nodiscard]] flow batch(std::string name, flow body, Items items) {
  return batch(std::move(name), std::move(body), std::move(items),
               fan_out_options{});
}

/// A flow that runs different `branches` side by side, each on the state
/// before the fork, and joins when the last has ended. No branch waits for the
/// steps of another. The action is that of `options.post`, or the default.
///
/// Errors: throws `errc::bad_flow` for invalid options.
[[nodiscard]] flow fork(std::string name, std::vector<flow> branches,
                        fan_out_options options);
[[nodiscard]] inline flow fork(std::string name, std::vector<flow> branches) {
  return fork(std::move(name), std::move(branches), fan_out_options{});
}

}  // namespace troupe
