#include "troupe/llm/reply_error.hpp"

#include "troupe/json.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <utility>

namespace troupe::llm {

namespace {

using wall_time = std::chrono::system_clock::time_point;
using seconds_t = std::chrono::duration<double>;

constexpr std::size_t message_max = 500;
constexpr duration wait_max = std::chrono::hours{24};

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

std::optional<wall_time> date_in(std::string_view text, const char* format) {
  std::istringstream in{std::string{text}};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, format);
  if (in.fail()) return std::nullopt;
  using namespace std::chrono;
  const year_month_day day{
      year{parts.tm_year + 1900},
      month{static_cast<unsigned>(parts.tm_mon + 1)},
      std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  if (!day.ok()) return std::nullopt;
  return sys_days{day} + hours{parts.tm_hour} + minutes{parts.tm_min} +
         seconds{parts.tm_sec};
}

/// A span as in "1h2m3.5s", "6m0s" or "20ms".
std::optional<seconds_t> span_in(std::string_view text) {
  seconds_t sum{};
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (text.rfind("ms", 0) == 0) {
      sum += seconds_t{number / 1000};
      text.remove_prefix(2);
    } else if (!text.empty() && text[0] == 's') {
      sum += seconds_t{number};
      text.remove_prefix(1);
    } else if (!text.empty() && text[0] == 'm') {
      sum += seconds_t{number * 60};
      text.remove_prefix(1);
    } else if (!text.empty() && text[0] == 'h') {
      sum += seconds_t{number * 3600};
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  return sum;
}

std::optional<duration> retry_after(const http_response& head, wall_time now) {
  if (const auto ms = head.header("retry-after-ms")) {
    if (const auto number = number_in(*ms)) {
      return sensible(seconds_t{*number / 1000});
    }
  }
  const auto after = head.header("retry-after");
  if (!after) return std::nullopt;
  if (const auto number = number_in(*after)) {
    return sensible(seconds_t{*number});
  }
  // RFC 9110, 5.6.7: all senders write this form.
  if (const auto date = date_in(*after, "%a, %d %b %Y %H:%M:%S")) {
    return sensible(seconds_t{*date - now});
  }
  return std::nullopt;
}

/// When the limit that `remaining` says is used up begins anew.
std::optional<duration> reset_of(const http_response& head,
                                 std::string_view remaining,
                                 std::string_view reset, wall_time now) {
  const auto left = head.header(remaining);
  const auto at = head.header(reset);
  if (!left || !at || number_in(*left) != 0.0) return std::nullopt;
  if (const auto span = span_in(*at)) return sensible(*span);
  if (const auto date = date_in(*at, "%Y-%m-%dT%H:%M:%S")) {
    return sensible(seconds_t{*date - now});
  }
  return std::nullopt;
}

// -- messages -----------------------------------------------------------------

/// Cut between two characters, without what would break a line of a log.
std::string bounded(std::string_view text) {
  std::string kept{text.substr(0, message_max)};
  if (text.size() > message_max) {
    while (!kept.empty() && (kept.back() & '\xC0') == '\x80') kept.pop_back();
    if (!kept.empty() && (kept.back() & '\x80') != 0) kept.pop_back();
    kept += "...";
  }
  // What is not UTF-8 is shown as that.
  kept = json::parse(
             json(kept).dump(-1, ' ', false, json::error_handler_t::replace))
             .get<std::string>();
  std::replace_if(
      kept.begin(), kept.end(),
      [](unsigned char each) { return std::iscntrl(each) != 0; }, ' ');
  return kept;
}

/// What a server says of an error, in one of the forms that are in use.
struct server_error {
  std::string message;
  std::string type;
  std::string code;
};

std::string text_at(const json& form, const char* key) {
  const auto found = form.find(key);
  if (found == form.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_null()
             ? std::string{}
             : found->dump(-1, ' ', false, json::error_handler_t::replace);
}

/// What validators say is wrong, and where, without the input that they quote.
std::string complaints_in(const json& list) {
  std::string text;
  for (const auto& each : list) {
    if (!each.is_object()) continue;
    if (!text.empty()) text += "; ";
    text += text_at(each, "loc") + " " + text_at(each, "msg");
  }
  return text;
}

server_error error_in(std::string_view body) {
  const auto form = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!form.is_object()) return {std::string{body}, {}, {}};
  const auto inner = form.find("error");
  if (inner != form.end() && inner->is_object()) {
    return {text_at(*inner, "message"), text_at(*inner, "type"),
            text_at(*inner, "code")};
  }
  if (const auto detail = form.find("detail");
      detail != form.end() && detail->is_array()) {
    return {complaints_in(*detail), {}, {}};
  }
  for (const char* key : {"error", "message", "detail"}) {
    auto text = text_at(form, key);
    if (!text.empty()) {
      return {std::move(text), text_at(form, "type"), text_at(form, "code")};
    }
  }
  return {std::string{body}, {}, {}};
}

bool is_any_of(const std::string& word,
               std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct meaning {
  errc code = errc::request_failed;
  bool permanent = false;
};

meaning meaning_of(int status, const server_error& told) {
  if (is_any_of(told.code, {"insufficient_quota", "context_length_exceeded"}) ||
      is_any_of(told.type, {"insufficient_quota"})) {
    return {errc::request_failed, true};
  }
  switch (status) {
    case 429:
    case 503:
    case 529:
      return {errc::rate_limited, false};
    case 408:
    case 409:
    case 425:
      return {errc::request_failed, false};
    default:
      break;
  }
  if (status >= 500) return {errc::request_failed, false};
  if (status >= 300) return {errc::request_failed, true};
  // Inside of a stream, which began well.
  if (is_any_of(told.type, {"overloaded_error", "rate_limit_error"}) ||
      is_any_of(told.code, {"rate_limit_exceeded"})) {
    return {errc::rate_limited, false};
  }
  return {errc::request_failed,
          is_any_of(told.type, {"invalid_request_error", "authentication_error",
                                "permission_error", "not_found_error"})};
}

}  // namespace

std::optional<duration> wait_asked(const http_response& head,
                                   std::chrono::system_clock::time_point now) {
  if (const auto asked = retry_after(head, now)) return asked;
  static constexpr std::pair<std::string_view, std::string_view> limits[] = {
      {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
      {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
      {"anthropic-ratelimit-requests-remaining",
       "anthropic-ratelimit-requests-reset"},
      {"anthropic-ratelimit-tokens-remaining",
       "anthropic-ratelimit-tokens-reset"},
      {"anthropic-ratelimit-input-tokens-remaining",
       "anthropic-ratelimit-input-tokens-reset"},
      {"anthropic-ratelimit-output-tokens-remaining",
       "anthropic-ratelimit-output-tokens-reset"},
  };
  std::optional<duration> longest;
  for (const auto& [remaining, reset] : limits) {
    const auto wait = reset_of(head, remaining, reset, now);
    if (wait) longest = std::max(longest.value_or(*wait), *wait);
  }
  return longest;
}

error error_of_reply(const http_response& reply,
                     std::chrono::system_clock::time_point now,
                     std::string_view asked) {
  const auto told = error_in(reply.body);
  std::string text =
      reply.status >= 300
          ? "the server answered with status " + std::to_string(reply.status)
          : std::string{"the server reported an error"};
  if (!asked.empty()) text += " to " + std::string{asked};
  const auto& kind = told.code.empty() ? told.type : told.code;
  if (!kind.empty()) text += " (" + bounded(kind) + ")";
  if (!told.message.empty()) text += ": " + bounded(told.message);
  auto id = reply.header("x-request-id");
  if (!id) id = reply.header("request-id");
  if (id) text += " [request " + bounded(*id) + "]";
  const auto means = meaning_of(reply.status, told);
  error made{means.code, std::move(text)};
  if (means.permanent) return made.permanent();
  if (const auto wait = wait_asked(reply, now)) made.retry_after(*wait);
  return made;
}

}  // namespace troupe::llm
