#pragma once

#include "troupe/delta.hpp"
#include "troupe/value.hpp"

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

namespace detail {
class recorder;
}

/// The JSON document of a run. A copy is a snapshot: it costs the same at any
/// size, and later writes to either do not show in the other.
///
/// A path that begins with "/" is a JSON pointer (RFC 6901), "" is the whole
/// document, anything else is one top-level key, taken literally. The document
/// is always an object.
///
/// Every write either happens or throws and changes nothing. Besides what each
/// says: errc::wrong_type when the path leads through a scalar, and
/// errc::bad_value when containers would nest deeper than `value::max_depth`
/// or a key is not UTF-8.
///
/// Thread safety: confined to one actor or task. Copies are independent and may
/// live on other threads.
class state {
 public:
  // -- constructors ----------------------------------------------------------

  /// An empty document.
  state() noexcept;
  /// Errors: errc::bad_value when the document is not an object.
  state(value document);
  state(const json& document) : state{value{document}} {}
  state(std::initializer_list<value::member> members)
      : state{value::object(members)} {}

  /// A snapshot. The copy does not record.
  state(const state& other) noexcept;
  state(state&& other) noexcept;
  state& operator=(const state& other) noexcept;
  state& operator=(state&& other) noexcept;
  ~state();
  friend void swap(state& a, state& b) noexcept {
    std::swap(a.root_, b.root_);
    std::swap(a.recorder_, b.recorder_);
    std::swap(a.recording_, b.recording_);
  }

  // -- reading ---------------------------------------------------------------

  /// The value there, which later writes do not change: a copy, which shares.
  /// Errors: errc::missing_key.
  [[nodiscard]] value at(std::string_view path) const { return held_at(path); }
  /// Null when there is nothing. Lives until the next write.
  [[nodiscard]] const value* find(std::string_view path) const& {
    return root_.find(path);
  }
  /// Of a temporary: a copy, or nothing.
  [[nodiscard]] std::optional<value> find(std::string_view path) const&& {
    return value{root_}.find(path);
  }
  [[nodiscard]] bool contains(std::string_view path) const {
    return find(path) != nullptr;
  }
  /// Errors: errc::missing_key, errc::wrong_type.
  template <class T>
  [[nodiscard]] T get(std::string_view path) const& {
    return read<T>(held_at(path), path);
  }
  template <class T>
  [[nodiscard]] T get(std::string_view path) const&& {
    static_assert(!std::same_as<T, std::string_view>,
                  "a view of a temporary dangles: name the value first, or get "
                  "a std::string");
    return static_cast<const state&>(*this).get<T>(path);
  }
  /// `fallback` where there is nothing. Errors: errc::wrong_type.
  template <class T>
  [[nodiscard]] T get_or(std::string_view path, T fallback) const {
    const value* found = root_.find(path);
    return found ? read<T>(*found, path) : std::move(fallback);
  }
  /// The same: `shared.get("retries", 3)`. A literal gives a `std::string`.
  template <class T>
  [[nodiscard]] detail::owned<T> get(std::string_view path, T fallback) const {
    return get_or<detail::owned<T>>(path, std::move(fallback));
  }
  [[nodiscard]] value root() const noexcept { return root_; }
  [[nodiscard]] json to_json() const { return root_.to_json(); }
  /// Top-level members.
  [[nodiscard]] std::size_t size() const noexcept { return root_.size(); }
  [[nodiscard]] bool empty() const noexcept { return root_.empty(); }

  /// A place to read or assign, by literal keys: `shared["a"]["b"] = 1`.
  template <detail::key_text Key>
  [[nodiscard]] state_entry operator[](const Key& key);
  [[nodiscard]] state_entry operator[](const value& key);
  /// Reads a top-level member. Errors: errc::missing_key.
  template <detail::key_text Key>
  [[nodiscard]] value operator[](const Key& key) const {
    return root_.at(key);
  }
  [[nodiscard]] value operator[](const value& key) const {
    return root_.at(key);
  }

  // -- writing ---------------------------------------------------------------

  /// Makes the objects that are missing on the way. In an array, a position
  /// replaces, and "-" or the position after the last appends.
  /// Errors: errc::missing_key for a position further out.
  void set(std::string_view path, value item);
  /// Erases `path`; later array elements move up. False if nothing was there.
  bool erase(std::string_view path);
  /// Adds to the end of an array, which is made if it is missing.
  void append(std::string_view path, value item);
  /// Adds to a number; a missing one counts as 0. Integers stay exact.
  /// Errors: errc::bad_value when the sum is out of range.
  void add(std::string_view path, const value& number);
  /// Lowers a number to `number` if it is higher; sets a missing one.
  void min(std::string_view path, const value& number);
  /// Raises a number to `number` if it is lower; sets a missing one.
  void max(std::string_view path, const value& number);
  /// Applies a JSON merge patch (RFC 7396): members are set, objects are
  /// merged, and null erases.
  void merge(std::string_view path, const value& patch);
  /// Performs the writes of `writes`. Errors: those of the writes; the ones
  /// before the one that failed have then happened.
  void apply(const delta& writes);
  void apply(const delta::operation& write);

  // -- recording -------------------------------------------------------------

  /// Starts to record writes, from nothing; a recording under way is dropped.
  void record();
  [[nodiscard]] bool recording() const noexcept { return recording_; }
  /// Returns the writes since `record`, and ends the recording. Empty when
  /// nothing was recorded.
  [[nodiscard]] delta take_delta();

  /// Compares the documents.
  friend bool operator==(const state& a, const state& b) noexcept {
    return a.root_ == b.root_;
  }
  /// Writes it as JSON.
  friend std::ostream& operator<<(std::ostream& out, const state& from);

 private:
  friend class state_entry;

  [[nodiscard]] const value& held_at(std::string_view path) const;
  template <class T>
  static T read(const value& held, std::string_view path) {
    try {
      return held.template get<T>();
    } catch (...) {
      rethrow_at(path);
    }
  }
  /// Throws the exception that is being handled; errc::wrong_type with `path`.
  [[noreturn]] static void rethrow_at(std::string_view path);
  void put(std::string_view path, value item, delta::kind what,
           const value& operand);
  bool remove(std::string_view path, bool make_parents);
  void append_all(std::string_view path, const value& items);
  void combine(std::string_view path, const value& operand, delta::kind what);

  void note(delta::kind what, std::string pointer, const value& operand);

  value root_;
  // Made with the first write: most steps of a sub-flow make none.
  std::unique_ptr<detail::recorder> recorder_;
  bool recording_ = false;
};

}  // namespace troupe

#include "troupe/detail/value/state_entry.hpp"  // IWYU pragma: export
