#pragma once

#include "troupe/store/run_record.hpp"
#include "troupe/store/stored_forms.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

namespace troupe::detail {

/// The maximum number of elements of lists and members of objects in one form.
inline constexpr std::size_t stored_elements_max = 8'000'000;

/// Writes a stored form into one text, without a tree of JSON: it runs once for
/// each step.
///
/// A form is an object of ours, whose members are values, numbers and texts.
/// Commas come by themselves.
///
/// Errors: all functions throw a permanent `errc::too_large` for more than
/// `stored_max` bytes, or too many elements, and `errc::bad_value` for a name
/// that is not UTF-8.
///
/// Thread safety: confined to one thread.
class form_writer {
 public:
  /// The next member of the object that is open. `name` needs no escapes.
  void member(std::string_view name);
  void open(char bracket);
  void close(char bracket);

  void number(std::uint64_t from);
  void number(std::int64_t from);
  /// Text of the user's that may be anything.
  void name(std::string_view from);
  /// JSON that is text already.
  void raw(std::string_view json_text);
  /// A value, in which large texts and large members are kept apart.
  void whole(const value& from);
  /// A value that is kept apart if it is large.
  void part(const value& from);
  void place(const position& from);
  void writes(const delta& from);
  void failure(const error& from);

  /// The form, after what was opened is closed.
  [[nodiscard]] stored_text take();

 private:
  void comma();
  void put(const value& from);
  void put_container(const value& from);
  void put_key(std::string_view key);
  void put_text(std::string_view text);
  void quote(std::string_view text);
  /// Replaces what was written since `begin` by a reference to it.
  void set_apart(std::size_t begin);
  void set_apart_if_large(const value& from, std::size_t begin);
  void count(std::size_t elements);
  void check_size() const;

  stored_text made_;
  std::unordered_set<std::string> hashes_;
  std::size_t apart_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace troupe::detail
