#include "troupe/llm/circuit_breaker.hpp"

namespace troupe::llm {

std::vector<std::string> mistakes_in(const breaker_options& options) {
  std::vector<std::string> found;
  if (options.failures_max < 1) {
    found.emplace_back("breaker_options.failures_max must be at least 1");
  }
  if (options.pause <= duration::zero()) {
    found.emplace_back("breaker_options.pause must be more than zero");
  }
  return found;
}

std::optional<duration> circuit_breaker::outlook(
    time_point now) const noexcept {
  if (!open_since_) return std::nullopt;
  const time_point until = after(*open_since_, options_.pause);
  if (now < until) return until - now;
  if (is_trying_) return options_.pause;
  return std::nullopt;
}

std::optional<duration> circuit_breaker::refusal(time_point now) noexcept {
  auto wait = outlook(now);
  if (!wait && open_since_) is_trying_ = true;
  return wait;
}

void circuit_breaker::on_success() noexcept {
  failures_ = 0;
  open_since_.reset();
  is_trying_ = false;
}

void circuit_breaker::on_failure(time_point now) noexcept {
  // A call from before the circuit opened tells nothing new.
  if (open_since_ && !is_trying_) return;
  is_trying_ = false;
  if (open_since_ || ++failures_ >= options_.failures_max) open_since_ = now;
}

}  // namespace troupe::llm
