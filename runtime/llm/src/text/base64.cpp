#include "text/base64.hpp"

namespace troupe::llm::detail {

namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the number that a character of Base64 stands for, or 64.
unsigned base64_digit_of(char each) {
  const auto at = base64_digits.find(each);
  return at == base64_digits.npos ? 64U : static_cast<unsigned>(at);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  unsigned bits = 0;
  unsigned count = 0;
  for (const char each : bytes) {
    bits = (bits << 8U | static_cast<unsigned char>(each)) & 0xFFFFU;
    for (count += 8; count >= 6;) {
      count -= 6;
      text += base64_digits[bits >> count & 0x3FU];
    }
  }
  if (count > 0) text += base64_digits[bits << (6 - count) & 0x3FU];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 == 0) {
    text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  }
  if (text.empty() || text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char each : text) {
    const unsigned digit = base64_digit_of(each);
    if (digit > 63) return std::nullopt;
    bits = (bits << 6U | digit) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFFU);
  }
  // The remaining bits must be zero.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace troupe::llm::detail
