#include "text/json_mending.hpp"

#include "troupe/printable.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace troupe::llm::detail {

namespace {

/// The four digits after "\u", or -1.
int escape_at(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || text.size() < at + 6) return -1;
  int code = 0;
  const char* end = text.data() + at + 6;
  const auto [stop, fault] =
      std::from_chars(text.data() + at + 2, end, code, 16);
  return fault == std::errc{} && stop == end ? code : -1;
}

bool is_high(int code) { return code >= 0xD800 && code <= 0xDBFF; }
bool is_low(int code) { return code >= 0xDC00 && code <= 0xDFFF; }

/// Takes an escape sequence of a text, halves of surrogate pairs mended.
std::size_t mend_escape(std::string_view text, std::size_t at,
                        std::string& into) {
  const int code = escape_at(text, at);
  const bool is_pair = is_high(code) && is_low(escape_at(text, at + 6));
  if (!is_pair && (is_high(code) || is_low(code))) {
    into += "\\ufffd";
    return 6;
  }
  const std::size_t length = is_pair ? 12 : 2;
  into += text.substr(at, length);
  return length;
}

/// Takes an invalid number (NaN, Infinity), which becomes null; 0 if there is
/// none.
std::size_t take_no_number(std::string_view text, std::size_t at,
                           std::string& into) {
  static constexpr std::array<std::string_view, 3> words = {"NaN", "Infinity",
                                                            "-Infinity"};
  for (const auto each : words) {
    if (text.substr(at, each.size()) != each) continue;
    into += "null";
    return each.size();
  }
  return 0;
}

/// Takes a comma behind which nothing follows in its list or object.
std::size_t take_last_comma(std::string_view text, std::size_t at) {
  if (text[at] != ',') return 0;
  const auto next = text.find_first_not_of(" \t\r\n", at + 1);
  const bool is_last =
      next != text.npos && (text[next] == '}' || text[next] == ']');
  return is_last ? 1 : 0;
}

/// Takes a control character of a text, which JSON wants escaped.
std::size_t take_control(char each, std::string& into) {
  const auto byte = static_cast<unsigned char>(each);
  if (byte >= 0x20) return 0;
  constexpr std::string_view digits = "0123456789abcdef";
  into += "\\u00";
  into += digits[byte >> 4U];
  into += digits[byte & 15U];
  return 1;
}

std::string with_mends(std::string_view text) {
  std::string into;
  into.reserve(text.size());
  bool is_in_text = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t taken = 0;
    if (is_in_text && text[at] == '\\') {
      taken = mend_escape(text, at, into);
    } else if (is_in_text) {
      taken = take_control(text[at], into);
    } else {
      taken = take_no_number(text, at, into);
      if (taken == 0) taken = take_last_comma(text, at);
    }
    if (taken == 0) {
      if (text[at] == '"') is_in_text = !is_in_text;
      into += text[at];
      taken = 1;
    }
    at += taken;
  }
  return into;
}

}  // namespace

std::string mended_json(std::string_view text) {
  return is_utf8(text) ? with_mends(text) : with_mends(as_utf8(text));
}

}  // namespace troupe::llm::detail
