#include "core/system_core.hpp"
#include "sharing/rate_actor.hpp"

#include <troupe/rate_limit.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>

namespace troupe {

namespace detail {

/// The shared state of the copies of a limit.
class rate_line : public limit_line,
                  public std::enable_shared_from_this<rate_line> {
 public:
  rate_line(lite_ptr<rate_actor> keeper, std::optional<rate> counted)
      : actor(std::move(keeper)), tokens(counted) {}

  task<std::shared_ptr<void>> enter() override;
  void on_failed(const error& why) override;
  void back_off(duration pause) const;

  const lite_ptr<rate_actor> actor;
  const std::optional<rate> tokens;
};

task<std::shared_ptr<void>> rate_line::enter() {
  pass_operation waiting{shared_from_this(), 0};
  co_return std::make_shared<rate_pass>(co_await waiting);
}

void rate_line::on_failed(const error& why) {
  if (why.code() != errc::rate_limited) return;
  back_off(why.retry_after().value_or(duration::zero()));
}

void rate_line::back_off(duration pause) const {
  send_to(*actor, rate_message::back_off{pause});
}

}  // namespace detail

namespace {

void check(const rate_limit_options& options) {
  auto mistakes = mistakes_in(options.requests);
  if (options.tokens) {
    for (auto& each : mistakes_in(*options.tokens)) {
      mistakes.push_back(std::move(each));
    }
  }
  if (!(options.share > 0 && options.share <= 1)) {
    mistakes.emplace_back(
        "rate_limit_options.share must be more than 0, and at most 1");
  }
  if (options.waiting_max < 1) {
    mistakes.emplace_back("rate_limit_options.waiting_max must be at least 1");
  }
  if (mistakes.empty()) return;
  std::string text;
  for (const auto& each : mistakes) text += (text.empty() ? "" : "; ") + each;
  throw error{errc::bad_flow, std::move(text)};
}

std::string in_words(double number) {
  std::ostringstream text;
  text << std::setprecision(15) << number;
  return text.str();
}

void check_within(const rate& allowed, double tokens) {
  const double most = std::max(allowed.amount, allowed.burst);
  if (tokens <= most) return;
  throw error{
      error{errc::bad_value,
            "a request of " + in_words(tokens) +
                " tokens can never pass: the rate limit allows at most " +
                in_words(most)}
          .permanent()};
}

void check(double tokens) {
  if (tokens >= 0 && std::isfinite(tokens)) return;
  throw error{errc::bad_value,
              "the number of tokens must be finite and not negative, got " +
                  in_words(tokens)};
}

}  // namespace

// -- passes -------------------------------------------------------------------

void rate_pass::used(double tokens) {
  check(tokens);
  if (!line_) return;
  const double unused = std::exchange(tokens_, tokens) - tokens;
  send_to(*line_->actor, detail::rate_message::correct{unused});
}

void rate_pass::give_back() {
  const auto line = std::exchange(line_, nullptr);
  if (!line) return;
  send_to(*line->actor, detail::rate_message::give_back{tokens_});
}

pass_operation::~pass_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::rate_message::withdrawn{});
}

void pass_operation::stand_in_line(detail::fiber_owner& host,
                                   detail::wake_key key) {
  auto& owner = detail::fiber_actor::of(host, "wait for a pass");
  auto order =
      caf::make_counted<detail::rate_order>(owner.waker_for(key), tokens_);
  place_ = std::make_shared<detail::ticket>(order);
  send_to(*line_->actor, detail::rate_message::acquire{std::move(order)},
          owner.running_on());
}

void pass_operation::receive(void* answer) {
  auto& grant = *static_cast<std::optional<detail::rate_grant>*>(answer);
  is_refused_ = !grant;
  if (grant) grant->claim();
}

rate_pass pass_operation::await_resume() {
  if (is_refused_) {
    throw error{errc::overloaded,
                "the queue of the rate limit is full: "
                "rate_limit_options.waiting_max limits it"};
  }
  return {line_, tokens_};
}

// -- limits -------------------------------------------------------------------

rate_limit::rate_limit(system& where, const rate_limit_options& options) {
  check(options);
  line_ = std::make_shared<detail::rate_line>(
      detail::spawn_lite<detail::rate_actor>(where.core().at(), nullptr,
                                             where.core().timers(), options),
      options.tokens);
}

pass_operation rate_limit::acquire(double tokens) const {
  check(tokens);
  if (const auto& counted = line_->tokens) check_within(*counted, tokens);
  return {line_, tokens};
}

void rate_limit::back_off(duration pause) const { line_->back_off(pause); }

rate_limit::operator limit() const { return limit{line_}; }

}  // namespace troupe
