#pragma once

#include "troupe/detail/value/member_range.hpp"
#include "troupe/detail/value/value_iterator.hpp"
#include "troupe/detail/value/value_storage.hpp"
#include "troupe/json.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {
struct arithmetic;
struct tree;
}  // namespace detail

/// An immutable JSON value of 16 bytes. A copy costs the same whatever the
/// size, because copies share their content.
///
/// Objects keep their members in the order of their keys. Text, keys included,
/// is valid UTF-8, numbers are finite, and containers nest `max_depth` deep at
/// most: what breaks these rules is refused with errc::bad_value, naming the
/// place where there is one.
///
/// Values are made from null, booleans, numbers, text, JSON, and anything with
/// a JSON form; a pointer or a function does not compile.
///
/// Thread safety: immutable. An object that is assigned to is confined to one
/// actor or task meanwhile.
class value : private detail::value_storage {
 public:
  using iterator = value_iterator;
  using const_iterator = value_iterator;
  class literal;
  struct member;

  /// Containers within containers; deeper input is refused.
  static constexpr std::size_t max_depth = 512;

  // -- constructors ----------------------------------------------------------

  /// Null.
  value() noexcept = default;
  value(std::nullptr_t) noexcept {}
  template <std::same_as<bool> T>
  value(T flag) noexcept : value_storage{tag::boolean, flag ? 1 : 0} {}
  template <detail::whole_number T>
  value(T number) noexcept
      : value_storage{tag::integer, static_cast<std::int64_t>(number)} {
    // Only what does not fit a signed integer is kept as an unsigned one.
    if (std::is_unsigned_v<T> && content_.integer < 0) tag_ = tag::natural;
  }
  /// Errors: errc::bad_value for infinities and not-a-number.
  template <std::floating_point T>
  value(T number) : value_storage{tag::real} {
    content_.real = checked(static_cast<double>(number));
  }
  /// Errors: errc::bad_value for text that is not UTF-8.
  value(const char* text) : value{std::string_view{text}} {}
  value(const std::string& text) : value{std::string_view{text}} {}
  value(std::string_view text);
  /// Errors: errc::bad_value, naming the place within the form.
  value(const json& form);
  template <detail::converted_by_json T>
  value(const T& thing) : value{json(thing)} {}
  /// Addresses and functions mean nothing in another process.
  template <detail::pointer_or_function T>
  value(const T&) = delete;

  /// An array of `elements`; an empty one without arguments.
  [[nodiscard]] static value array(std::initializer_list<literal> elements);
  [[nodiscard]] static value array() { return array({}); }
  /// An object of `members`; of equal keys the last one wins.
  [[nodiscard]] static value object(std::initializer_list<member> members);
  [[nodiscard]] static value object() { return object({}); }

  // -- properties ------------------------------------------------------------

  [[nodiscard]] bool is_null() const noexcept { return tag_ == tag::null; }
  [[nodiscard]] bool is_bool() const noexcept { return tag_ == tag::boolean; }
  [[nodiscard]] bool is_number() const noexcept {
    return is_integer() || tag_ == tag::real;
  }
  /// A number without a fraction part, kept exactly.
  [[nodiscard]] bool is_integer() const noexcept {
    return tag_ == tag::integer || tag_ == tag::natural;
  }
  [[nodiscard]] bool is_string() const noexcept { return tag_ == tag::string; }
  [[nodiscard]] bool is_array() const noexcept { return tag_ == tag::array; }
  [[nodiscard]] bool is_object() const noexcept { return tag_ == tag::object; }
  /// For messages: "null", "a boolean", "a number", "a string", "an array" or
  /// "an object".
  [[nodiscard]] std::string_view type_name() const noexcept;
  /// Elements or members; 0 for everything that is not a container.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Containers within containers: 0 for a scalar, 1 for a flat container.
  [[nodiscard]] std::size_t depth() const noexcept;
  /// Asserts that the parts agree, all the way down. For tests.
  void check() const;

  // -- reading ---------------------------------------------------------------

  /// Returns whether this is an object with that member. The key is taken
  /// literally.
  [[nodiscard]] bool contains(std::string_view key) const noexcept;
  /// A member by its literal key; of a temporary a copy of it, which shares.
  /// Errors: errc::wrong_type when this is no object, errc::missing_key.
  template <detail::key_text Key>
  [[nodiscard]] const value& at(const Key& key) const& {
    return member_at(key);
  }
  template <detail::key_text Key>
  [[nodiscard]] value at(const Key& key) const&& {
    return member_at(key);
  }
  /// An element by its position. Errors: as above.
  [[nodiscard]] const value& at(std::size_t position) const&;
  [[nodiscard]] value at(std::size_t position) const&& { return at(position); }
  /// A member or an element, as `key` is text or an integer. Errors: as above.
  [[nodiscard]] const value& at(const value& key) const&;
  [[nodiscard]] value at(const value& key) const&& { return at(key); }
  /// Returns the value at `path`, or null: a JSON pointer when it begins with
  /// "/", this value for "", a literal key otherwise. Lives as long as this
  /// value.
  [[nodiscard]] const value* find(std::string_view path) const&;
  /// Of a temporary: a copy, or nothing.
  [[nodiscard]] std::optional<value> find(std::string_view path) const&&;

  /// This value as a T. A `std::string_view` is valid as long as this value,
  /// which must not be a temporary then.
  /// Errors: errc::wrong_type, also for an integer that does not fit.
  template <detail::read_on_request T>
  [[nodiscard]] T get() const&;
  template <detail::read_on_request T>
  [[nodiscard]] T get() const&& {
    static_assert(!std::same_as<T, std::string_view>,
                  "a view of a temporary dangles: name the value first, or get "
                  "a std::string");
    return static_cast<const value&>(*this).get<T>();
  }
  /// As `find`, or `fallback`; see `state::get`. Errors: errc::wrong_type.
  template <class T>
  [[nodiscard]] detail::owned<T> get(std::string_view path, T fallback) const {
    const value* found = find(path);
    return found ? found->get<detail::owned<T>>() : std::move(fallback);
  }
  /// As `get`, so that `std::string s = doc.at("file");` works.
  template <detail::read_implicitly T>
  operator T() const {
    return get<T>();
  }

  /// Elements of an array, or what the members of an object hold, in order.
  /// Errors: errc::wrong_type for a value that is not a container.
  [[nodiscard]] value_iterator begin() const;
  [[nodiscard]] value_iterator end() const;
  /// Members of an object, in the order of their keys, for a range-for:
  /// `for (auto [key, item] : doc.members())`. The body may write to where the
  /// object came from. Errors: errc::wrong_type.
  [[nodiscard]] member_range members() const;

  [[nodiscard]] json to_json() const;
  /// Compact JSON text.
  [[nodiscard]] std::string dump() const;

  // -- changed copies --------------------------------------------------------

  /// This object with one member set. In place when nobody shares it.
  /// Errors: errc::wrong_type when this is neither object nor null.
  [[nodiscard]] value with(std::string_view key, value item) const&;
  [[nodiscard]] value with(std::string_view key, value item) &&;
  /// This array with one more element. Errors: as above, for an array.
  [[nodiscard]] value appended(value item) const&;
  [[nodiscard]] value appended(value item) &&;
  /// This object with the members of `other`, whose keys win.
  [[nodiscard]] value merged(const value& other) const;

  // -- comparison and conversion ---------------------------------------------

  /// Numbers are equal by amount: 1 and 1.0 are.
  friend bool operator==(const value& a, const value& b) noexcept {
    return a.equals(b);
  }
  template <detail::turned_into_value T>
  friend bool operator==(const value& a, const T& b) {
    return a.equals(value(b));
  }
  friend std::ostream& operator<<(std::ostream& out, const value& from);

 private:
  friend struct detail::arithmetic;
  friend struct detail::tree;
  friend class value_iterator;

  [[nodiscard]] static double checked(double number);
  [[nodiscard]] const value& member_at(std::string_view key) const;
  [[nodiscard]] bool equals(const value& other) const noexcept;
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] double as_real() const;
  [[nodiscard]] std::string_view as_text() const;
  [[nodiscard]] std::int64_t as_integer(std::int64_t low,
                                        std::int64_t high) const;
  [[nodiscard]] std::uint64_t as_natural(std::uint64_t high) const;
  [[noreturn]] void refuse(std::string_view wanted) const;
};

}  // namespace troupe

#include "troupe/detail/value/value_get.hpp"      // IWYU pragma: export
#include "troupe/detail/value/value_literal.hpp"  // IWYU pragma: export
