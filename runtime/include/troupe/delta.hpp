#pragma once

#include "troupe/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// The writes of one step or one sub-flow, as a value of its own.
///
/// Canonical: one operation per place, in the order of first writes, however
/// often the place was written; nothing lies below a place that is set or
/// erased. Only an append may have operations below it, on elements that were
/// there before. A merge patch is kept as the sets and erases it makes.
///
/// `state::apply` performs it, `merger` combines those of several branches.
///
/// Thread safety: immutable. Copies share their content.
class delta {
 public:
  enum class kind : std::uint8_t {
    /// The place holds the operand; missing objects on the way are made.
    set,
    /// The place is gone; missing objects on the way are made.
    erase,
    /// The elements of the operand were added at the end of an array.
    append,
    /// The operand was added to a number; a missing one counts as 0.
    add,
    /// A number was lowered to the operand, or raised to it (`max`).
    min,
    max,
  };

  struct operation {
    kind what = kind::set;
    /// A JSON pointer; "" is the whole document.
    std::string path;
    /// Null for `erase`.
    value operand;

    friend bool operator==(const operation&,
                           const operation&) noexcept = default;
  };

  /// Nothing was written.
  delta() noexcept = default;

  [[nodiscard]] bool empty() const noexcept { return !operations_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return operations_ ? operations_->size() : 0;
  }
  [[nodiscard]] const std::vector<operation>& ops() const& noexcept;
  [[nodiscard]] std::vector<operation> ops() const&& {
    return static_cast<const delta&>(*this).ops();
  }

  /// Returns this delta without the writes to the top-level `keys` and below
  /// them.
  [[nodiscard]] delta without(const std::vector<std::string>& keys) const;

  /// A list of `[kind, path, operand]`, for the store and the wire.
  [[nodiscard]] json to_json() const;
  /// Reads the result of `to_json`. Errors: errc::bad_value for anything else.
  [[nodiscard]] static delta from_json(const json& form);

  friend bool operator==(const delta& a, const delta& b) noexcept {
    return a.ops() == b.ops();
  }
  friend void to_json(json& form, const delta& from) { form = from.to_json(); }
  friend void from_json(const json& form, delta& into) {
    into = delta::from_json(form);
  }

 private:
  friend class state;
  explicit delta(std::vector<operation> operations);

  std::shared_ptr<const std::vector<operation>> operations_;
};

/// The name of `what` as written in the source.
[[nodiscard]] std::string_view to_string(delta::kind what) noexcept;

}  // namespace troupe
