#include "form_writer.hpp"

#include "troupe/detail/placed/error_form.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"
#include "value_hash.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <utility>

namespace troupe::detail {

namespace {

// Most steps write less.
constexpr std::size_t usual_bytes = 1'024;

template <class Number>
void append_number(std::string& to, Number from) {
  // The shortest text that reads as the same double has 24 characters.
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), from);
  to.append(digits.data(), end.ptr);
}

/// A real number stays one: 1.0, not 1.
void append_real(std::string& to, double from) {
  const auto begin = to.size();
  append_number(to, from);
  if (to.find_first_of(".e", begin) == to.npos) to += ".0";
}

bool needs_escape(char letter) noexcept {
  return static_cast<unsigned char>(letter) < 0x20 || letter == '"' ||
         letter == '\\';
}

/// Returns the first place from `at` on that needs an escape. Looks at eight
/// letters at once, since texts are long and escapes rare.
std::size_t next_escape(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t tops = 0x8080808080808080;
  // The top bit of each letter below `bound`, if those before it are not.
  const auto below = [](std::uint64_t letters, std::uint64_t bound) {
    return (letters - ones * bound) & ~letters & tops;
  };
  for (; text.size() - at >= sizeof(std::uint64_t);
       at += sizeof(std::uint64_t)) {
    std::uint64_t letters = 0;
    std::memcpy(&letters, text.data() + at, sizeof letters);
    if ((below(letters, 0x20) | below(letters ^ (ones * '"'), 1) |
         below(letters ^ (ones * '\\'), 1)) != 0) {
      break;
    }
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

void append_escape(std::string& to, char letter) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (letter) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      to += "\\u00";
      to += digits[static_cast<unsigned char>(letter) >> 4];
      to += digits[static_cast<unsigned char>(letter) & 0xf];
  }
}

}  // namespace

void form_writer::member(std::string_view name) {
  comma();
  made_.text += '"';
  made_.text += name;
  made_.text += "\":";
}

void form_writer::open(char bracket) {
  if (made_.text.empty()) made_.text.reserve(usual_bytes);
  comma();
  count(1);
  made_.text += bracket;
}

void form_writer::close(char bracket) { made_.text += bracket; }

void form_writer::number(std::uint64_t from) {
  comma();
  append_number(made_.text, from);
}

void form_writer::number(std::int64_t from) {
  comma();
  append_number(made_.text, from);
}

void form_writer::name(std::string_view from) {
  if (!is_utf8(from)) {
    throw error{errc::bad_value, "a name that is to be stored is not UTF-8: '" +
                                     printable(from) + "'"}
        .permanent();
  }
  comma();
  quote(from);
}

void form_writer::raw(std::string_view json_text) {
  comma();
  made_.text += json_text;
}

void form_writer::whole(const value& from) {
  comma();
  if (!from.is_object()) {
    put(from);
    return;
  }
  made_.text += '{';
  count(from.size() + 1);
  for (const auto [key, item] : from.members()) {
    comma();
    put_key(key);
    const auto begin = made_.text.size();
    put(item);
    set_apart_if_large(item, begin);
  }
  made_.text += '}';
}

void form_writer::part(const value& from) {
  comma();
  const auto begin = made_.text.size();
  put(from);
  set_apart_if_large(from, begin);
}

void form_writer::place(const position& from) {
  open('{');
  member("path");
  open('[');
  for (const auto& each : from.path) name(each);
  close(']');
  member("at");
  name(to_string(from.at));
  member("steps");
  number(from.steps);
  member("attempt");
  number(std::uint64_t{from.attempt});
  if (from.deaths != 0) {
    member("deaths");
    number(std::uint64_t{from.deaths});
  }
  if (from.wait != duration::zero()) {
    member("wait_ns");
    number(std::int64_t{from.wait.count()});
  }
  if (!from.action.is_default()) {
    member("action");
    name(from.action.name());
  }
  if (from.failure) {
    member("failure");
    failure(*from.failure);
  }
  if (from.was_cancelled) {
    member("cancelled");
    raw("true");
  }
  close('}');
}

void form_writer::writes(const delta& from) {
  open('[');
  for (const auto& each : from.ops()) {
    open('[');
    count(3);
    quote(to_string(each.what));
    made_.text += ',';
    quote(each.path);
    if (each.path.empty()) {
      whole(each.operand);
    } else {
      part(each.operand);
    }
    close(']');
  }
  close(']');
}

void form_writer::failure(const error& from) {
  raw(write_json(error_form(from), bad_text::replaced));
}

stored_text form_writer::take() {
  check_size();
  return std::move(made_);
}

void form_writer::comma() {
  if (made_.text.empty()) return;
  const char last = made_.text.back();
  if (last != '{' && last != '[' && last != ':') made_.text += ',';
}

void form_writer::put(const value& from) {
  if (from.is_string()) {
    put_text(from.get<std::string_view>());
    return;
  }
  if (from.is_array() || from.is_object()) {
    put_container(from);
    return;
  }
  const json leaf = from.to_json();
  switch (leaf.type()) {
    case json::value_t::null:
      made_.text += "null";
      return;
    case json::value_t::boolean:
      made_.text += leaf.get<bool>() ? "true" : "false";
      return;
    case json::value_t::number_integer:
      append_number(made_.text, leaf.get<std::int64_t>());
      return;
    case json::value_t::number_unsigned:
      append_number(made_.text, leaf.get<std::uint64_t>());
      return;
    default:
      assert(leaf.is_number_float());
      append_real(made_.text, leaf.get<double>());
  }
}

void form_writer::put_container(const value& from) {
  count(from.size() + 1);
  if (from.is_array()) {
    made_.text += '[';
    for (const value& each : from) {
      comma();
      put(each);
    }
    made_.text += ']';
  } else {
    made_.text += '{';
    for (const auto [key, item] : from.members()) {
      comma();
      put_key(key);
      put(item);
    }
    made_.text += '}';
  }
  check_size();
}

void form_writer::put_key(std::string_view key) {
  if (key.starts_with('$')) {
    made_.text += "\"$";
    const auto begin = made_.text.size();
    quote(key);
    made_.text.erase(begin, 1);
  } else {
    quote(key);
  }
  made_.text += ':';
}

void form_writer::put_text(std::string_view text) {
  const auto begin = made_.text.size();
  quote(text);
  if (text.size() >= part_min) set_apart(begin);
}

void form_writer::quote(std::string_view text) {
  std::string& to = made_.text;
  to += '"';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto next = next_escape(text, at);
    to.append(text, at, next - at);
    at = next;
    if (at < text.size()) append_escape(to, text[at]);
  }
  to += '"';
  check_size();
}

void form_writer::set_apart_if_large(const value& from, std::size_t begin) {
  // A text has been looked at already, by its own size.
  if (from.is_string() || made_.text.size() - begin < part_min) return;
  set_apart(begin);
}

void form_writer::set_apart(std::size_t begin) {
  std::string bytes = made_.text.substr(begin);
  made_.text.resize(begin);
  apart_ += bytes.size();
  check_size();
  std::string hash = hash_of(bytes);
  made_.text += "{\"$part\":\"";
  made_.text += hash;
  made_.text += "\"}";
  if (!hashes_.insert(hash).second) return;
  made_.parts.push_back({std::move(hash), std::move(bytes)});
}

void form_writer::count(std::size_t elements) {
  elements_ += elements;
  if (elements_ <= stored_elements_max) return;
  throw error{errc::too_large,
              "what is to be stored has more than " +
                  std::to_string(stored_elements_max) +
                  " elements; keep large data in files, and its names here"}
      .permanent();
}

void form_writer::check_size() const {
  if (made_.text.size() + apart_ <= stored_max) return;
  throw error{errc::too_large,
              "what is to be stored has more than " +
                  std::to_string(stored_max) +
                  " bytes; keep large data in files, and its names here"}
      .permanent();
}

}  // namespace troupe::detail
