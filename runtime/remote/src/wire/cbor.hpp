#pragma once

#include <troupe/error.hpp>
#include <troupe/json.hpp>
#include <troupe/json_text.hpp>
#include <troupe/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// CBOR (RFC 8949), written and read without a tree of the whole in memory.
namespace troupe::remote::wire {

/// Lists within lists: what a value may have, and the lists of a message that
/// it stands in.
inline constexpr std::size_t depth_max = json_bounds{}.depth + 4;

using bytes = std::vector<std::uint8_t>;

/// Writes values to the end of `Out`, which is `std::string` or `bytes`. Lists
/// and the like are written as their length and then what is in them.
///
/// Errors: throws a permanent `errc::bad_value` for JSON that nests deeper than
/// `depth_max`.
template <class Out>
class cbor_writer {
 public:
  void list(std::size_t length) { head(4, length); }

  template <std::integral T>
  void add(T number) {
    if constexpr (std::is_same_v<T, bool>) {
      byte(number ? 0xf5 : 0xf4);
      return;
    }
    const auto wide = static_cast<std::uint64_t>(number);
    if constexpr (std::is_signed_v<T>) {
      if (number < 0) {
        head(1, ~wide);
        return;
      }
    }
    head(0, wide);
  }
  void add(std::string_view text) { run(3, text.data(), text.size()); }
  void add(const std::string& text) { add(std::string_view{text}); }
  void add(const bytes& body) { run(2, body.data(), body.size()); }
  void add(const json& form) { add(form, depth_max); }
  void add(const value& what);
  template <class T>
  void add(const std::vector<T>& all) {
    list(all.size());
    for (const auto& each : all) add(each);
  }
  void add(const std::set<std::string>& all) {
    list(all.size());
    for (const auto& each : all) add(each);
  }
  template <class T>
  void add(const std::map<std::string, T>& all) {
    head(5, all.size());
    for (const auto& [key, each] : all) {
      add(key);
      add(each);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
  /// Takes the bytes written since the last call.
  [[nodiscard]] Out take() noexcept { return std::exchange(out_, {}); }

 private:
  void byte(unsigned value) {
    out_.push_back(static_cast<typename Out::value_type>(value));
  }
  void big_endian(std::uint64_t number, int size);
  void head(unsigned major, std::uint64_t number);
  void run(unsigned major, const void* from, std::size_t size);
  void real(double number);
  void add(const json& form, std::size_t depth_left);

  Out out_;
};

extern template class cbor_writer<std::string>;
extern template class cbor_writer<bytes>;

/// Reads values one after the other. What it is given may be anything: lists
/// nest no deeper than `depth_max`, and all that one reader makes takes at most
/// `memory_max` more than the bytes that it reads. That is looked at before
/// anything is made.
///
/// Errors: all functions throw `errc::bad_value` where something else follows,
/// or nothing, or too much.
class cbor_reader {
 public:
  /// Enough for 8 million numbers in lists, or 1 million members of objects.
  static constexpr std::size_t memory_max = std::size_t{128} << 20;

  /// Views of what is read: it must live longer.
  explicit cbor_reader(std::string_view from) : rest_(from) {}
  explicit cbor_reader(const bytes& from)
      : rest_(reinterpret_cast<const char*>(from.data()), from.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  /// Returns the number of bytes that are not read yet.
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
  /// Begins a list; its elements follow.
  [[nodiscard]] std::size_t list() { return length(4); }
  /// The same for a list of at most `max` elements, which are `what`.
  [[nodiscard]] std::size_t list_within(std::size_t max, const char* what);
  /// The same for an object; each member is a text and then its value.
  [[nodiscard]] std::size_t members_within(std::size_t max, const char* what);
  /// Reads a text of at most `max` bytes, which is `what`.
  [[nodiscard]] std::string text_within(std::size_t max, const char* what);

  template <class T>
  [[nodiscard]] T next() {
    T made{};
    read(made);
    return made;
  }
  /// Passes over one value, whatever it is. Returns about how much memory it
  /// would take as JSON, beyond the bytes of its texts.
  std::size_t skip();

 private:
  struct item {
    unsigned major;
    unsigned info;
    std::uint64_t number;
  };

  void read(bool& into);
  template <std::integral T>
  void read(T& into) {
    const auto found = head();
    const bool is_negative = found.major == 1 && std::is_signed_v<T>;
    if ((found.major != 0 && !is_negative) ||
        found.number >
            static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
      refuse("not a whole number, or too large");
    }
    into = static_cast<T>(is_negative ? ~found.number : found.number);
  }
  void read(std::string& into);
  void read(bytes& into);
  void read(json& into);
  template <class T>
  void read(std::vector<T>& into) {
    const auto size = list();
    charge(size * (sizeof(T) + 32));
    into.reserve(size);
    for (auto left = size; left > 0; --left) read(into.emplace_back());
  }
  void read(std::set<std::string>& into);
  template <class T>
  void read(std::map<std::string, T>& into) {
    auto left = length(5);
    for (charge(left * node_size); left > 0; --left) {
      auto key = next<std::string>();
      read(into[std::move(key)]);
    }
  }

  /// About what an element of a set or a map takes.
  static constexpr std::size_t node_size = 128;

  [[noreturn]] static void refuse(const char* what);
  /// Charges the memory of what follows.
  void charge(std::size_t memory);
  std::uint64_t big_endian(std::size_t size);
  item head();
  std::size_t length(unsigned major);
  std::string_view run(const item& of);
  std::size_t pass(std::size_t memory_allowed);
  json tree();
  json list_of(const item& of);
  json members_of(const item& of);
  static json simple(const item& of);

  std::string_view rest_;
  std::size_t memory_left_ = memory_max;
};

}  // namespace troupe::remote::wire
