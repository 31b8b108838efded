#include "replies/reply_fields.hpp"
#include "troupe/llm/reply_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Sources: RFC 9110, 5.6.7 and 10.2.3, for Retry-After; the API references of
// OpenAI, Anthropic, Azure, Groq and OpenRouter for the limits;
// draft-ietf-httpapi-ratelimit-headers for RateLimit.

namespace troupe::llm {

namespace {

using detail::trimmed;
using wall_time = std::chrono::system_clock::time_point;
using seconds_t = std::chrono::duration<double>;

constexpr duration wait_max = std::chrono::hours{24};
/// From here on a number is a time since 1970, in seconds or milliseconds.
constexpr double epoch_min = 3e8;
constexpr double epoch_ms_min = 3e11;

/// A wait that makes sense of one that a server gave.
duration sensible(seconds_t wait) {
  if (!(wait.count() > 0)) return duration::zero();
  if (wait >= seconds_t{wait_max}) return wait_max;
  return std::chrono::ceil<duration>(wait);
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc{} || stop != end || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

/// Returns the offset of local time, as in "+01:00" or "-0530".
std::chrono::minutes offset_in(std::string_view text) {
  const auto sign = text.find_first_of("+-");
  if (sign == text.npos) return {};
  std::string digits;
  for (const char each : text.substr(sign + 1)) {
    if (std::isdigit(static_cast<unsigned char>(each)) != 0) digits += each;
  }
  if (digits.size() != 4) return {};
  const auto whole =
      std::chrono::hours{(digits[0] - '0') * 10 + digits[1] - '0'} +
      std::chrono::minutes{(digits[2] - '0') * 10 + digits[3] - '0'};
  return text[sign] == '-' ? -whole : whole;
}

std::optional<wall_time> date_in(std::string_view text, const char* format) {
  std::istringstream in{std::string{text}};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, format);
  if (in.fail()) return std::nullopt;
  std::string rest;
  std::getline(in, rest, '\0');
  using namespace std::chrono;
  const year_month_day day{
      year{parts.tm_year + 1900},
      month{static_cast<unsigned>(parts.tm_mon + 1)},
      std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  if (!day.ok()) return std::nullopt;
  return sys_days{day} + hours{parts.tm_hour} + minutes{parts.tm_min} +
         seconds{parts.tm_sec} - offset_in(rest);
}

std::optional<wall_time> date_in(std::string_view text) {
  static constexpr std::array<const char*, 5> formats = {
      "%a, %d %b %Y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
      "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"};
  for (const auto* each : formats) {
    if (const auto found = date_in(text, each)) return found;
  }
  return std::nullopt;
}

/// A span as in "1h2m3.5s", "6m0s", "20ms" or "30 seconds".
std::optional<seconds_t> span_in(std::string_view spaced) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> units = {
      {{"ms", 0.001},
       {"seconds", 1},
       {"second", 1},
       {"minutes", 60},
       {"minute", 60},
       {"s", 1},
       {"m", 60},
       {"h", 3600},
       {"d", 86400}}};
  std::string plain{spaced};
  plain.erase(std::remove(plain.begin(), plain.end(), ' '), plain.end());
  std::string_view text = plain;
  seconds_t sum{};
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    const auto unit = std::find_if(
        units.begin(), units.end(),
        [&](const auto& each) { return text.starts_with(each.first); });
    if (unit == units.end()) return std::nullopt;
    sum += seconds_t{number * unit->second};
    text.remove_prefix(unit->first.size());
  }
  return sum;
}

std::optional<duration> retry_after(const http_response& head, wall_time now) {
  for (const char* each : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto number = number_in(trimmed(head.header(each).value_or("")));
    if (number) return sensible(seconds_t{*number / 1000});
  }
  auto after = head.header("retry-after");
  if (!after) after = head.header("x-retry-after");
  if (!after) return std::nullopt;
  // Proxies make one of two.
  const auto wait = wait_in(*after, now);
  return wait ? wait : wait_in(after->substr(0, after->find(',')), now);
}

// -- structured fields --------------------------------------------------------

/// The parts of a text between marks that stand outside of quotes.
std::vector<std::string_view> parted(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] == '"') is_quoted = !is_quoted;
    if (at < text.size() && (is_quoted || text[at] != mark)) continue;
    parts.push_back(trimmed(text.substr(begin, at - begin)));
    begin = at + 1;
  }
  return parts;
}

/// A parameter in parts such as "r=0" and "t=12".
std::optional<double> parameter_in(const std::vector<std::string_view>& parts,
                                   std::string_view key) {
  for (const auto each : parts) {
    if (each.starts_with(key) && each.substr(key.size()).starts_with('=')) {
      return number_in(trimmed(each.substr(key.size() + 1)));
    }
  }
  return std::nullopt;
}

/// The window of a policy, after which there is room again in any case.
std::optional<double> window_in(const http_response& head,
                                std::string_view name) {
  const auto policies = head.header("ratelimit-policy");
  if (!policies) return std::nullopt;
  for (const auto each : parted(*policies, ',')) {
    const auto parts = parted(each, ';');
    if (parts.front() == name) return parameter_in(parts, "w");
  }
  return std::nullopt;
}

/// The wait in RateLimit: `"default";r=0;t=12` of the later drafts, of each
/// policy an element, and `limit=10, remaining=0, reset=12` of the earlier
/// ones.
std::optional<duration> limit_wait(const http_response& head) {
  const auto field = head.header("ratelimit");
  if (!field) return std::nullopt;
  std::optional<double> longest;
  const auto add = [&](std::optional<double> left, std::optional<double> wait) {
    // Without a word of what is left, the status says that nothing is.
    if (!wait || left.value_or(head.status == 429 ? 0 : 1) > 0) return;
    longest = std::max(longest.value_or(*wait), *wait);
  };
  const auto elements = parted(*field, ',');
  add(parameter_in(elements, "remaining"), parameter_in(elements, "reset"));
  for (const auto each : elements) {
    const auto parts = parted(each, ';');
    auto wait = parameter_in(parts, "t");
    if (!wait) wait = window_in(head, parts.front());
    add(parameter_in(parts, "r"), wait);
  }
  if (!longest) return std::nullopt;
  return sensible(seconds_t{*longest});
}

}  // namespace

std::optional<duration> wait_in(std::string_view text,
                                std::chrono::system_clock::time_point now) {
  text = trimmed(text);
  if (const auto number = number_in(text)) {
    if (*number < epoch_min) return sensible(seconds_t{*number});
    const double since = *number < epoch_ms_min ? *number : *number / 1000;
    return sensible(seconds_t{since} - seconds_t{now.time_since_epoch()});
  }
  if (const auto span = span_in(text)) return sensible(*span);
  if (const auto date = date_in(text)) {
    return sensible(seconds_t{*date - now});
  }
  return std::nullopt;
}

std::optional<duration> wait_asked(const http_response& head,
                                   std::chrono::system_clock::time_point now) {
  if (const auto asked = retry_after(head, now)) return asked;
  constexpr std::string_view reset = "reset";
  auto longest = limit_wait(head);
  for (const auto& each : head.headers) {
    const auto at = each.name.find(reset);
    const bool is_limit = each.name.find("ratelimit") != each.name.npos ||
                          each.name.find("rate-limit") != each.name.npos;
    if (at == each.name.npos || !is_limit) continue;
    auto sibling = each.name;
    sibling.replace(at, reset.size(), "remaining");
    const auto left = head.header(sibling);
    // Without a word of what is left, the status says that nothing is.
    if (left ? number_in(trimmed(*left)) != 0.0 : head.status != 429) continue;
    const auto wait = wait_in(each.value, now);
    if (wait) longest = std::max(longest.value_or(*wait), *wait);
  }
  return longest;
}

}  // namespace troupe::llm
