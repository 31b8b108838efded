#include "client_core.hpp"

#include "redaction.hpp"
#include "wall_clock.hpp"

#include <troupe/clock.hpp>
#include <troupe/llm/reply_error.hpp>

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
  if (at.api_key.empty()) {
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
  throw error{errc::bad_flow, "client_options.api is none of those there are"};
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
              "the model server has failed too often and is left alone"}
      .retry_after(*wait);
}

[[noreturn]] void refuse_file(const std::filesystem::path& file,
                              const char* what) {
  throw error{errc::bad_value,
              "the recording \"" + file.string() + "\" " + what}
      .permanent();
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string content{std::istreambuf_iterator<char>{in}, {}};
  if (!in) refuse_file(file, "cannot be read");
  return content;
}

}  // namespace

client_core::client_core(std::optional<http_client> web, client_options options)
    : web_(std::move(web)),
      options_(std::move(options)),
      at_(endpoint_of(options_)),
      format_(format_of(options_.api)),
      breaker_(breaker_of(options_)) {
  if (at_.base_url.rfind("http://", 0) != 0 &&
      at_.base_url.rfind("https://", 0) != 0) {
    throw error{errc::bad_flow,
                "the base URL of a model client must begin "
                "with http:// or https://"};
  }
  if (records() && replays()) {
    throw error{errc::bad_flow,
                "a model client either records or replays, not both"};
  }
  if (replays()) replayed_.add(content_of(options_.replay_from));
  if (records()) {
    record_.open(options_.record_to, std::ios::binary | std::ios::app);
    if (!record_) refuse_file(options_.record_to, "cannot be written");
  }
}

void client_core::record(const http_request& request,
                         const recorded_reply& reply) {
  const auto line = recording::line_of(request, reply);
  const std::lock_guard lock{mutex_};
  record_ << line << '\n' << std::flush;
  if (!record_) refuse_file(options_.record_to, "cannot be written");
}

recorded_reply client_core::replayed(const http_request& request) {
  const std::lock_guard lock{mutex_};
  return replayed_.next(request);
}

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

void client_core::on_failure(const error& why) {
  if (why.code() == errc::rate_limited && options_.rate) {
    options_.rate->back_off(why.retry_after().value_or(duration::zero()));
  }
  const std::lock_guard lock{mutex_};
  if (!breaker_) return;
  switch (why.code()) {
    case errc::request_failed:
    case errc::timed_out:
      if (why.is_permanent()) {
        breaker_->on_success();
      } else {
        breaker_->on_failure(clock::steady().now());
      }
      break;
    case errc::rate_limited:
    case errc::bad_reply:
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
                                    double tokens) {
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
  co_return given;
}

void admission::succeed(const usage& used) {
  // Not all servers count.
  if (pass_ && used.input + used.output > 0) {
    pass_->used(static_cast<double>(used.input + used.output));
  }
  std::exchange(core_, nullptr)->on_success();
  seat_.release();
}

error admission::fail() {
  error why = error::from(std::current_exception());
  if (core_) why = without_key(std::move(why), core_->at().api_key);
  if (core_) std::exchange(core_, nullptr)->on_failure(why);
  seat_.release();
  return why;
}

// -- replies ------------------------------------------------------------------

http_response checked(const client_core& core, http_response reply) {
  if (reply.status >= 200 && reply.status < 300) return reply;
  // Before it is cut short, perhaps in the middle of the key.
  reply.body = without_key(std::move(reply.body), core.at().api_key);
  throw error_of_reply(reply, wall_now());
}

}  // namespace troupe::llm::detail
