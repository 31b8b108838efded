#include "replies/wait_in_words.hpp"

#include "troupe/llm/reply_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string>

// Seen of OpenAI, Azure, Groq and Google, which do not always send a header.

namespace troupe::llm::detail {

namespace {

/// Longer texts are not looked through.
constexpr std::size_t words_max = 4'096;

bool is_in_number(char each) { return each >= '0' && each <= '9'; }
bool is_in_unit(char each) { return each >= 'a' && each <= 'z'; }

/// The number with a unit, or several, that `text` begins with.
std::string_view span_at(std::string_view text) {
  std::size_t end = 0;
  std::size_t at = 0;
  while (at < text.size() && is_in_number(text[at])) {
    while (at < text.size() && (is_in_number(text[at]) || text[at] == '.'))
      ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    const auto unit = at;
    while (at < text.size() && is_in_unit(text[at])) ++at;
    if (at == unit) break;
    end = at;
  }
  return text.substr(0, end);
}

}  // namespace

std::optional<duration> wait_in_words(std::string_view words) {
  static constexpr std::array<std::string_view, 8> before = {
      "try again in ", "retry in ",  "retry after ", "try again after ",
      "please wait ",  "resets in ", "reset in ",    "reset after "};
  std::string plain{words.substr(0, words_max)};
  std::transform(
      plain.begin(), plain.end(), plain.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  // Of Google's kits: "retry_delay { seconds: 31 }".
  constexpr std::string_view seconds = "seconds:";
  const auto delay = plain.find("retry_delay");
  if (delay != plain.npos) {
    const auto found = plain.find(seconds, delay);
    if (found != plain.npos) {
      auto number = std::string_view{plain}.substr(found + seconds.size());
      const auto first = std::min(number.find_first_not_of(" "), number.size());
      number.remove_prefix(first);
      const auto end = number.find_first_not_of("0123456789");
      if (const auto wait = wait_in(number.substr(0, end), {})) return wait;
    }
  }
  for (const auto each : before) {
    const auto found = plain.find(each);
    if (found == plain.npos) continue;
    const auto span =
        span_at(std::string_view{plain}.substr(found + each.size()));
    if (!span.empty()) return wait_in(span, {});
  }
  return std::nullopt;
}

}  // namespace troupe::llm::detail
