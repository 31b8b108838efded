#include "troupe/llm/reply_error.hpp"

#include "replies/served_error.hpp"
#include "replies/wait_in_words.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace troupe::llm {

namespace {

constexpr std::size_t message_max = 500;
constexpr std::size_t name_max = 100;

std::string shown(std::string_view text, std::size_t bytes_max) {
  return printable(text, line_breaks::joined, bytes_max);
}

struct meaning {
  errc code = errc::request_failed;
  bool permanent = false;
};

meaning meaning_of(int status, const detail::served_error& told) {
  if (told.is_final) return {errc::request_failed, true};
  switch (status) {
    case 401:
    case 403:
    case 407:
      return {errc::unauthorized, true};
    case 429:
    case 498:
    case 503:
    case 529:
      return {errc::rate_limited, false};
    case 408:
    case 409:
    case 425:
      return {errc::request_failed, false};
    default:
      return {errc::request_failed, status >= 300 && status < 500};
  }
}

/// Takes what the server itself says of another attempt.
void obey(std::string should_retry, meaning& means) {
  std::transform(
      should_retry.begin(), should_retry.end(), should_retry.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  if (should_retry == "false") {
    means.permanent = true;
  } else if (should_retry == "true") {
    means.permanent = false;
    if (means.code == errc::unauthorized) means.code = errc::request_failed;
  }
}

/// Returns the target of a redirect, without what may be a secret.
std::string place_of(std::string_view location) {
  const http_request there{"", std::string{location}};
  return asked_by(there).substr(1);
}

std::string text_of(const http_response& reply,
                    const detail::served_error& told, std::string_view asked) {
  std::string text =
      reply.status >= 300
          ? "the server answered with status " + std::to_string(reply.status)
          : std::string{"the server reported an error"};
  if (!asked.empty()) text += " to " + std::string{asked};
  if (!told.kind.empty()) text += " (" + shown(told.kind, name_max) + ")";
  if (!told.message.empty()) text += ": " + shown(told.message, message_max);
  if (const auto location = reply.header("location");
      location && reply.status >= 300 && reply.status < 400) {
    text += "; it redirects to " + place_of(*location) +
            ": use that address if you trust it";
  }
  auto id = reply.header("x-request-id");
  if (!id) id = reply.header("request-id");
  if (!id && !told.request_id.empty()) id = told.request_id;
  if (id) text += " [request " + shown(*id, name_max) + "]";
  return text;
}

}  // namespace

error error_of_reply(const http_response& reply,
                     std::chrono::system_clock::time_point now,
                     std::string_view asked) {
  auto told = detail::error_in_body(reply.body);
  const int status = reply.status >= 300 ? reply.status : told.status;
  auto means = meaning_of(status, told);
  if (const auto retry = reply.header("x-should-retry"))
    obey(std::string{*retry}, means);
  error made{means.code, text_of(reply, told, asked)};
  if (means.permanent) return made.permanent();
  auto wait = wait_asked(reply, now);
  told.asks_for.status = status;
  if (!wait) wait = wait_asked(told.asks_for, now);
  if (!wait && means.code == errc::rate_limited) {
    wait = detail::wait_in_words(told.message);
  }
  if (wait) made.retry_after(*wait);
  return made;
}

}  // namespace troupe::llm
