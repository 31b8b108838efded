#pragma once

#include "troupe/error.hpp"

#include <optional>
#include <string>
#include <utility>

namespace troupe {

/// An error, or none: a `std::optional` that is also safe as a part of a
/// temporary, as in `run.get().failure.value().message()`. A part of a
/// temporary is a copy, which may be kept by reference.
///
/// Thread safety: confined to one actor or task.
class failure : public std::optional<error> {
  using base = std::optional<error>;

 public:
  using base::base;
  using base::operator=;
  failure() = default;
  failure(const base& other) : base(other) {}
  failure(base&& other) noexcept : base(std::move(other)) {}

  [[nodiscard]] error& value() & { return base::value(); }
  [[nodiscard]] const error& value() const& { return base::value(); }
  [[nodiscard]] error value() const&& { return base::value(); }
  error& operator*() & noexcept { return base::operator*(); }
  const error& operator*() const& noexcept { return base::operator*(); }
  error operator*() const&& noexcept { return base::operator*(); }

  /// A copy that `->` of a temporary leads to.
  class copy : private error {
   public:
    explicit copy(const error& of) : error(of) {}
    [[nodiscard]] std::string message() const { return error::message(); }
    [[nodiscard]] std::string node() const { return error::node(); }
    using error::attempt;
    using error::cause;
    using error::code;
    using error::describe;
    using error::is_permanent;
    using error::item;
    using error::retry_after;
    using error::what;
    const copy* operator->() const noexcept { return this; }
  };
  error* operator->() & noexcept { return base::operator->(); }
  const error* operator->() const& noexcept { return base::operator->(); }
  copy operator->() const&& { return copy{base::operator*()}; }
};

}  // namespace troupe
