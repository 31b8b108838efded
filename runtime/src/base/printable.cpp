#include "troupe/printable.hpp"

#include <cstdint>
#include <cstring>
#include <iterator>
#include <utf8.h>

namespace troupe {

namespace {

constexpr std::uint32_t replacement = 0xFFFD;

/// Returns whether a character moves the cursor, begins an escape sequence, or
/// changes the direction of what follows.
///
/// Source: ECMA-48, 5.2 and 5.3; Unicode Standard Annex 9, 2.
bool acts_on_terminal(std::uint32_t character) {
  const bool is_control =
      character < 0x20 || (character >= 0x7F && character < 0xA0);
  const bool is_direction = character == 0x061C || character == 0x200E ||
                            character == 0x200F ||
                            (character >= 0x202A && character <= 0x202E) ||
                            (character >= 0x2066 && character <= 0x2069);
  return is_control || is_direction;
}

bool is_line_end(std::uint32_t character) {
  return character == '\n' || character == 0x2028 || character == 0x2029;
}

std::uint32_t shown(std::uint32_t character, line_breaks how) {
  if (is_line_end(character)) return how == line_breaks::kept ? '\n' : ' ';
  if (character == '\t') return how == line_breaks::kept ? '\t' : ' ';
  return acts_on_terminal(character) ? replacement : character;
}

/// Bytes at the beginning that are plain ASCII, in whole words. Most texts are
/// nothing else, and this takes a tenth of the time.
std::size_t ascii_prefix(std::string_view bytes) noexcept {
  constexpr std::uint64_t tops = 0x8080808080808080;
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof(std::uint64_t);
       at += sizeof(std::uint64_t)) {
    std::uint64_t letters = 0;
    std::memcpy(&letters, bytes.data() + at, sizeof letters);
    if ((letters & tops) != 0) break;
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  bytes.remove_prefix(ascii_prefix(bytes));
  return utf8::is_valid(bytes.begin(), bytes.end());
}

std::string as_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  utf8::replace_invalid(bytes.begin(), bytes.end(), std::back_inserter(text),
                        replacement);
  return text;
}

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string{text};
  std::size_t end = bytes_max;
  while (end > 0 && (text[end] & '\xC0') == '\x80') --end;
  return std::string{text.substr(0, end)} + "...";
}

std::string printable(std::string_view text, line_breaks how,
                      std::size_t bytes_max) {
  const bool is_cut = text.size() > bytes_max;
  const std::string valid = as_utf8(is_cut ? cut(text, bytes_max) : text);
  std::string safe;
  safe.reserve(valid.size());
  for (auto at = valid.begin(); at != valid.end();) {
    const auto character = utf8::unchecked::next(at);
    // CR LF is one end of a line.
    if (character == '\r' && at != valid.end() && *at == '\n') continue;
    utf8::unchecked::append(shown(character, how), std::back_inserter(safe));
  }
  return safe;
}

}  // namespace troupe
