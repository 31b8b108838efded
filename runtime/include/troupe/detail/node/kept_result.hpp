#pragma once

#include "troupe/context.hpp"
#include "troupe/detail/fiber/step_scope.hpp"
#include "troupe/detail/node/step_keeper.hpp"
#include "troupe/detail/value/borrowing.hpp"
#include "troupe/detail/value/read_form.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

namespace troupe::detail {

/// A type of results that one process can keep for the next one.
template <class T>
concept kept_for_next_life = readable_or_none<T> && !holds_view<T>();

/// The result of an item of a batch node in an earlier life of the run, if
/// there is one that can be read.
template <class T>
std::optional<T> kept_result(context& step, std::size_t index) {
  if constexpr (kept_for_next_life<T>) {
    auto* keeper = step.host().keeper();
    if (keeper == nullptr) return std::nullopt;
    const auto form = keeper->result_of(index);
    if (!form) return std::nullopt;
    try {
      return read_form<T>(*form);
    } catch (const std::exception&) {
      // The type has changed since: the item is executed again.
    }
  }
  return std::nullopt;
}

/// An attempt of an item of a batch node begins: what it starts is named after
/// the item.
inline void enter_item(context& step, std::size_t index,
                       std::uint32_t attempt) {
  auto* keeper = step.host().keeper();
  if (keeper == nullptr) return;
  if (attempt != 0) keeper->on_item_attempt(index);
  step_scope::here().item = index;
}
/// The code that follows belongs to no item.
inline void leave_item() noexcept {
  step_scope::here().item = step_scope::no_item;
}

/// Keeps the result of an item, if the run is durable and the type allows it.
template <class T>
void keep_result(context& step, std::size_t index, const T& given) {
  if constexpr (kept_for_next_life<T>) {
    if (auto* keeper = step.host().keeper()) {
      keeper->keep_result(index, make_form(given));
    }
  }
}

}  // namespace troupe::detail
