#include "model/client_core.hpp"

#include "base/split_secrets.hpp"
#include "base/wall_clock.hpp"
#include "http/curl_request.hpp"

#include <troupe/clock.hpp>
#include <troupe/http/url.hpp>
#include <troupe/llm/reply_error.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::llm::detail {

namespace {

std::string variable(const char* name) {
  const char* content = std::getenv(name);
  return content == nullptr ? std::string{} : std::string{content};
}

bool is_same_name(std::string_view one, std::string_view other) {
  return one.size() == other.size() &&
         curl_strnequal(one.data(), other.data(), one.size()) != 0;
}

bool has_header(const std::vector<http_header>& headers,
                std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& each) {
    return is_same_name(each.name, name);
  });
}

/// Returns whether the user's headers have credentials.
bool has_key(const std::vector<http_header>& headers) {
  static constexpr std::array<std::string_view, 4> names = {
      "authorization", "api-key", "x-api-key", "x-goog-api-key"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view each) {
    return has_header(headers, each);
  });
}

endpoint endpoint_of(const client_options& options) {
  const bool is_anthropic = options.api == api::anthropic_messages;
  endpoint at{options.base_url, options.api_key};
  if (at.base_url.empty()) {
    at.base_url =
        variable(is_anthropic ? "ANTHROPIC_BASE_URL" : "OPENAI_BASE_URL");
  }
  if (at.base_url.empty()) {
    at.base_url = is_anthropic ? "https://api.anthropic.com"
                               : "https://api.openai.com/v1";
  }
  if (at.api_key.empty() && !has_key(options.headers)) {
    at.api_key =
        variable(is_anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY");
  }
  return at;
}

const chat_format& format_of(api which) {
  switch (which) {
    case api::openai_chat:
      return openai_chat();
    case api::openai_responses:
      return openai_responses();
    case api::anthropic_messages:
      return anthropic_messages();
  }
  throw error{errc::bad_flow, "unknown client_options.api"};
}

std::optional<circuit_breaker> breaker_of(const client_options& options) {
  if (!options.breaker) return std::nullopt;
  const auto mistakes = mistakes_in(*options.breaker);
  if (!mistakes.empty()) throw error{errc::bad_flow, mistakes.front()};
  return circuit_breaker{*options.breaker};
}

void refuse_if(const std::optional<duration>& wait) {
  if (!wait) return;
  throw error{errc::request_failed,
              "the circuit breaker is open: the model server failed too often"}
      .retry_after(*wait);
}

troupe::detail::secrets secrets_of(const client_options& options,
                                   const endpoint& at) {
  troupe::detail::secrets hidden;
  hidden.add(at.api_key);
  hidden.add(options.headers);
  hidden.add_url(at.base_url);
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    hidden.add_url(variable(name));
  }
  return hidden;
}

void check_headers(const std::vector<http_header>& headers) {
  const auto refuse = [](const std::string& why) {
    throw error{errc::bad_flow, "client_options.headers: " + why};
  };
  for (const auto& each : headers) {
    if (const auto mistake = troupe::detail::mistake_in(each)) refuse(*mistake);
    for (const char* name : {"content-length", "transfer-encoding"}) {
      if (is_same_name(each.name, name)) {
        refuse("the header '" + each.name + "' is set by the client itself");
      }
    }
  }
}

/// True if an address names a host, before its port, its path and its query.
bool has_host(const std::string& url) {
  auto host = origin_of(url);
  host.erase(0, host.find("://") + 3);
  return !host.empty() && host.front() != ':';
}

/// A reply may have so many times as many tokens as are expected with those.
constexpr double unexpected_max = 16;
/// The tokens that a model may think with, although nobody has said so.
constexpr double thinking_tokens = 8'192;

}  // namespace

client_core::client_core(std::optional<http_client> web, client_options options)
    : web_(std::move(web)),
      options_(std::move(options)),
      at_(endpoint_of(options_)),
      format_(format_of(options_.api)),
      hidden_(secrets_of(options_, at_)),
      breaker_(breaker_of(options_)) {
  if (at_.base_url.rfind("http://", 0) != 0 &&
      at_.base_url.rfind("https://", 0) != 0) {
    throw error{errc::bad_flow, "invalid base_url '" +
                                    troupe::detail::shown_url(at_.base_url) +
                                    "': it must begin with http:// or "
                                    "https://"};
  }
  if (!has_host(at_.base_url)) {
    throw error{errc::bad_flow,
                "invalid base_url '" + troupe::detail::shown_url(at_.base_url) +
                    "': no host; write it like https://host/v1"};
  }
  check_headers(options_.headers);
  if (options_.schema_retries > 10) {
    throw error{errc::bad_flow,
                "client_options.schema_retries must be at most 10"};
  }
  if (records() && replays()) {
    throw error{errc::bad_flow,
                "a model client either records or replays, not both"};
  }
  if (replays()) {
    replayed_.add(content_of_recording(options_.replay_from),
                  printable(options_.replay_from.string()));
  }
  if (records()) record_ = record_file{options_.record_to};
}

http_request client_core::completed(http_request request) const {
  request.limits = options_.limits;
  auto& headers = request.headers;
  std::erase_if(headers, [this](const auto& each) {
    return has_header(options_.headers, each.name);
  });
  std::copy_if(options_.headers.begin(), options_.headers.end(),
               std::back_inserter(headers),
               [](const auto& each) { return !each.value.empty(); });
  return request;
}

// -- recordings ---------------------------------------------------------------

void client_core::record(http_request request, recorded_reply reply) {
  request.url = hidden_.without(std::move(request.url));
  request.body = hidden_.without(std::move(request.body));
  auto& response = reply.response;
  response.body = hidden_.without(std::move(response.body), reply.parts);
  if (!reply.parts.empty()) {
    if (auto clean = without_split(hidden_, response.body)) {
      response.body = std::move(*clean);
      reply.parts = {response.body.size()};
    }
  }
  // It has been read as such, and JSON knows no other text.
  if (!is_utf8(response.body)) {
    response.body = as_utf8(response.body);
    if (!reply.parts.empty()) reply.parts = {response.body.size()};
  }
  for (auto& each : response.headers) {
    each.value = as_utf8(hidden_.without(std::move(each.value)));
  }
  const auto line = recording::line_of(request, reply);
  const std::lock_guard lock{mutex_};
  record_.add(line);
}

// Recorded requests had their secrets taken out as well.
recorded_reply client_core::replayed(http_request request) {
  request.url = hidden_.without(std::move(request.url));
  request.body = hidden_.without(std::move(request.body));
  const std::lock_guard lock{mutex_};
  return replayed_.next(request);
}

// -- the breaker --------------------------------------------------------------

void client_core::look_at_breaker() {
  const std::lock_guard lock{mutex_};
  if (breaker_) refuse_if(breaker_->outlook(clock::steady().now()));
}

void client_core::ask_breaker() {
  const std::lock_guard lock{mutex_};
  if (breaker_) refuse_if(breaker_->refusal(clock::steady().now()));
}

void client_core::on_success() noexcept {
  const std::lock_guard lock{mutex_};
  if (breaker_) breaker_->on_success();
}

void client_core::on_failure(const error& why, server_is server) {
  if (why.code() == errc::rate_limited && options_.rate) {
    options_.rate->back_off(why.retry_after().value_or(duration::zero()));
  }
  const std::lock_guard lock{mutex_};
  if (!breaker_) return;
  switch (why.code()) {
    case errc::request_failed:
    case errc::timed_out:
      if (why.is_permanent() || server == server_is::answering) {
        breaker_->on_success();
      } else {
        breaker_->on_failure(clock::steady().now());
      }
      break;
    case errc::rate_limited:
    case errc::bad_reply:
    case errc::too_large:
    case errc::unauthorized:
      breaker_->on_success();
      break;
    default:
      breaker_->on_nothing();
  }
}

void client_core::on_nothing() noexcept {
  const std::lock_guard lock{mutex_};
  if (breaker_) breaker_->on_nothing();
}

// -- admissions ---------------------------------------------------------------

task<admission> admission::wait_for(std::shared_ptr<client_core> core,
                                    double tokens, std::string asked) {
  // Not only after a wait in line.
  core->look_at_breaker();
  permit seat;
  std::optional<rate_pass> pass;
  if (core->options().seats) {
    auto waiting = core->options().seats->acquire();
    seat = co_await waiting;
  }
  if (core->options().rate) {
    auto waiting = core->options().rate->acquire(tokens);
    pass = co_await waiting;
  }
  try {
    core->ask_breaker();
  } catch (...) {
    if (pass) pass->used(0);
    throw;
  }
  admission given{std::move(core)};
  given.seat_ = std::move(seat);
  given.pass_ = std::move(pass);
  given.tokens_ = tokens;
  given.asked_ = std::move(asked);
  co_return given;
}

void admission::succeed(const usage& used) {
  const double told =
      static_cast<double>(used.input) + static_cast<double>(used.output);
  const double most = unexpected_max * (tokens_ + thinking_tokens);
  // Not all servers count.
  if (pass_ && told > 0) pass_->used(std::min(told, most));
  std::exchange(core_, nullptr)->on_success();
  seat_.release();
}

error admission::fail(server_is server) {
  error why = error::from(std::current_exception());
  if (core_) {
    why = troupe::detail::with_place(core_->hidden().without(std::move(why)),
                                     asked_);
  }
  if (core_) std::exchange(core_, nullptr)->on_failure(why, server);
  seat_.release();
  return why;
}

// -- replies ------------------------------------------------------------------

http_response checked(const client_core& core, http_response reply,
                      std::string_view asked) {
  if (reply.status >= 200 && reply.status < 300) return reply;
  // Before it is cut short, perhaps in the middle of the key.
  reply.body = core.hidden().without(std::move(reply.body));
  for (auto& each : reply.headers) {
    each.value = core.hidden().without(std::move(each.value));
  }
  throw error_of_reply(reply, wall_now(), asked);
}

}  // namespace troupe::llm::detail
