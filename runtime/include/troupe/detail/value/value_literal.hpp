#pragma once

// A literal in braces where values are; <troupe/value.hpp> brings it.

#include "troupe/value.hpp"

#include <concepts>
#include <initializer_list>
#include <string>
#include <type_traits>

namespace troupe {

/// A value, or values in braces, as deep as may be. Braces around pairs of a
/// text and something are an object, all others an array:
///
///     {{"a", 1}, {"b", {"x", "y"}}}
///
/// is {"a": 1, "b": ["x", "y"]}. An array of such pairs is written with
/// `value::array`.
class value::literal {
 public:
  /// Null.
  literal() noexcept = default;
  template <class T>
    requires(!std::same_as<T, literal> && std::convertible_to<const T&, value>)
  literal(const T& thing) : made_(from(thing)) {}
  literal(std::initializer_list<literal> elements);

  operator const value&() const noexcept { return made_; }

 private:
  template <class T>
  static value from(const T& thing) {
    return thing;
  }
  /// True if it was written as a text and something, in braces.
  [[nodiscard]] bool is_pair() const noexcept;

  value made_;
  bool in_braces_ = false;
};

/// A key and what it holds, as `value::object` takes them.
struct value::member {
  std::string key;
  literal item;
};

}  // namespace troupe
