#pragma once

// A place in a state; <troupe/state.hpp> brings it.

#include "troupe/state.hpp"

#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// The place in a state that `shared["a"]["b"]` names. Lives as long as the
/// state; use it within one expression.
///
/// Thread safety: confined to one actor or task.
class state_entry {
 public:
  /// A member of this place by literal key, or an element by position.
  template <detail::key_text Key>
  [[nodiscard]] state_entry operator[](const Key& key) const {
    return below(key);
  }
  template <std::integral Position>
  [[nodiscard]] state_entry operator[](Position position) const {
    return below(std::to_string(position));
  }
  /// Either, as `key` is text or an integer. Errors: errc::wrong_type.
  [[nodiscard]] state_entry operator[](const value& key) const;

  // -- writing ---------------------------------------------------------------

  /// Writes as `state::set` does.
  const state_entry& operator=(value item) const;
  const state_entry& operator=(const state_entry& other) const {
    return *this = other.read();
  }
  state_entry(const state_entry&) = default;
  ~state_entry() = default;
  /// Adds a number as `state::add` does, or text to the end of a text. Where
  /// there is nothing, the sum is `item`. Errors: those of `state::add`.
  const state_entry& operator+=(const value& item) const;
  /// Appends as `state::append` does.
  void push_back(value item) const;

  // -- reading ---------------------------------------------------------------

  /// Reads. Errors: errc::missing_key, errc::wrong_type.
  operator value() const { return read(); }
  template <detail::read_implicitly T>
  operator T() const {
    return get<T>();
  }
  template <class T>
  [[nodiscard]] T get() const {
    return state::read<T>(read(), path_);
  }
  /// `fallback` where there is nothing. Errors: errc::wrong_type.
  template <class T>
  [[nodiscard]] detail::owned<T> get_or(T fallback) const {
    return owner_->get_or<detail::owned<T>>(path_, std::move(fallback));
  }
  /// Elements or members; 0 where there is nothing, or no container.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// The elements there now, in order; later writes do not show. No places
  /// where there is nothing. Errors: errc::wrong_type for what is no container.
  [[nodiscard]] value_iterator begin() const;
  [[nodiscard]] value_iterator end() const;

  /// Compares what is there; nothing is equal to null.
  friend bool operator==(const state_entry& a, const state_entry& b) {
    return a.read_or_null() == b.read_or_null();
  }
  template <class T>
    requires(!std::same_as<T, state_entry> &&
             std::convertible_to<const T&, value>)
  friend bool operator==(const state_entry& a, const T& b) {
    return a.read_or_null() == value(b);
  }
  /// Writes what is there as JSON.
  friend std::ostream& operator<<(std::ostream& out, const state_entry& from);

 private:
  friend class state;
  state_entry(state& owner, std::string path) noexcept
      : owner_{&owner}, path_{std::move(path)} {}
  [[nodiscard]] state_entry below(std::string_view key) const;
  [[nodiscard]] const value& read() const { return owner_->held_at(path_); }
  [[nodiscard]] value read_or_null() const;

  state* owner_;
  std::string path_;
};

template <detail::key_text Key>
state_entry state::operator[](const Key& key) {
  return state_entry{*this, {}}[key];
}

}  // namespace troupe
