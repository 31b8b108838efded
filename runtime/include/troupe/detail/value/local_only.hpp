#pragma once

#include "troupe/detail/value/borrowing.hpp"

#include <type_traits>
#include <utility>

namespace troupe {

/// A result of `prep` or `exec` that stays in the process, and so needs no JSON
/// form: a handle, a connection, a shared pointer.
///
///     troupe::local_only<connection> prep() const { return open(); }
///     int exec(const connection& open) const;
///
/// The phases after it take a `T`, or this. It is neither stored nor sent: a
/// durable run that goes on begins the step again with `prep`, and a node whose
/// `exec` takes or returns it runs in this process only.
///
/// Thread safety: that of `T`.
template <class T>
class local_only {
 public:
  using value_type = T;

  local_only(T held) : held_(std::move(held)) {}

  [[nodiscard]] const T& operator*() const noexcept { return held_; }
  [[nodiscard]] const T* operator->() const noexcept { return &held_; }

  operator const T&() const& noexcept { return held_; }
  operator T() && { return std::move(held_); }

 private:
  T held_;
};

namespace detail {

template <class T>
inline constexpr bool is_local_only = false;
template <class T>
inline constexpr bool is_local_only<local_only<T>> = true;

template <class T>
struct part_holds_view<local_only<T>> : std::bool_constant<holds_view<T>()> {};

}  // namespace detail
}  // namespace troupe
