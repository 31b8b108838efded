#pragma once

#include <troupe/error.hpp>
#include <troupe/json.hpp>
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

using bytes = std::vector<std::uint8_t>;

/// Writes values to the end of `Out`, which is `std::string` or `bytes`. Lists
/// and the like are written as their length and then what is in them.
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
  void add(const json& form);
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
  /// What was written since the last call.
  [[nodiscard]] Out take() noexcept { return std::exchange(out_, {}); }

 private:
  void byte(unsigned value) {
    out_.push_back(static_cast<typename Out::value_type>(value));
  }
  void big_endian(std::uint64_t number, int size);
  void head(unsigned major, std::uint64_t number);
  void run(unsigned major, const void* from, std::size_t size);
  void real(double number);

  Out out_;
};

extern template class cbor_writer<std::string>;
extern template class cbor_writer<bytes>;

/// Reads values one after the other. What it is given may be anything: it takes
/// no more memory than that, and does not go deeper than `depth_max`.
///
/// Errors: all functions throw `errc::bad_value` where something else follows,
/// or nothing.
class cbor_reader {
 public:
  /// Lists within lists.
  static constexpr int depth_max = 1000;

  /// Views of what is read: it must live longer.
  explicit cbor_reader(std::string_view from) : rest_(from) {}
  explicit cbor_reader(const bytes& from)
      : rest_(reinterpret_cast<const char*>(from.data()), from.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  /// Begins a list; its elements follow.
  [[nodiscard]] std::size_t list() { return length(4); }

  template <class T>
  [[nodiscard]] T next() {
    T made{};
    read(made);
    return made;
  }
  /// Passes over one value, whatever it is.
  void skip() { static_cast<void>(next<json>()); }

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
      refuse("no whole number, or one that is too large");
    }
    into = static_cast<T>(is_negative ? ~found.number : found.number);
  }
  void read(std::string& into);
  void read(bytes& into);
  void read(json& into) { into = tree(depth_max); }
  template <class T>
  void read(std::vector<T>& into) {
    // Grows with what is there: elements take more memory than their bytes.
    for (auto left = list(); left > 0; --left) read(into.emplace_back());
  }
  void read(std::set<std::string>& into);
  template <class T>
  void read(std::map<std::string, T>& into) {
    for (auto left = length(5); left > 0; --left) {
      auto key = next<std::string>();
      read(into[std::move(key)]);
    }
  }

  [[noreturn]] static void refuse(const char* what);
  std::uint64_t big_endian(std::size_t size);
  item head();
  std::size_t length(unsigned major);
  std::string_view run(const item& of);
  json tree(int depth_left);
  json list_of(const item& of, int depth_left);
  json members_of(const item& of, int depth_left);
  json simple(const item& of);

  std::string_view rest_;
};

}  // namespace troupe::remote::wire
