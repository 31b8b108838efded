#include "troupe/retry.hpp"

#include "troupe/detail/value/mixed.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <random>

namespace troupe {

namespace {

constexpr std::uint32_t attempts_max = 1'000'000;

duration grown_wait(const retry_options& options, std::uint32_t attempt) {
  const double limit = static_cast<double>(options.wait_max.count());
  const double grown = static_cast<double>(options.wait.count()) *
                       std::pow(options.backoff, attempt);
  // Also true for the infinity that a long series of doublings ends in.
  if (!(grown < limit)) return options.wait_max;
  return duration{static_cast<duration::rep>(grown)};
}

/// Many that are asked to wait as long must not come back at once: so much of
/// what is asked for is spread at least.
constexpr int spread_share = 10;

// Of the wait that `options` give, a part is fixed and a part is random. What
// the other side asks for replaces the fixed one where it is longer.
duration wait_before(const retry_options& options, std::uint32_t attempt,
                     duration asked, std::uint64_t seed) {
  const duration own = grown_wait(options, attempt);
  if (options.jitter == jitter::none) return std::max(asked, own);
  const duration fixed =
      options.jitter == jitter::equal ? own / 2 : duration::zero();
  const duration random_max = std::max(own - fixed, asked / spread_share);
  if (random_max <= duration::zero()) return std::max(asked, fixed);
  std::mt19937_64 random{detail::mixed(seed, attempt)};
  const duration part{std::uniform_int_distribution<duration::rep>{
      0, random_max.count()}(random)};
  return after(time_point{std::max(asked, fixed)}, part).time_since_epoch();
}

}  // namespace

std::vector<std::string> mistakes_in(const retry_options& options) {
  std::vector<std::string> found;
  if (options.attempts < 1 || options.attempts > attempts_max) {
    found.push_back("retry.attempts must be from 1 to " +
                    std::to_string(attempts_max) + ", got " +
                    std::to_string(options.attempts));
  }
  if (options.wait < duration::zero()) {
    found.emplace_back("retry.wait must not be negative");
  }
  if (!(options.backoff >= 1.0) || !std::isfinite(options.backoff)) {
    found.push_back("retry.backoff must be at least 1, got " +
                    std::to_string(options.backoff));
  }
  if (options.wait_max < duration::zero()) {
    found.emplace_back("retry.wait_max must not be negative");
  }
  if (options.wait > options.wait_max) {
    found.emplace_back("retry.wait must not be longer than retry.wait_max");
  }
  return found;
}

retry_decision decide_retry(const retry_options& options, std::uint32_t attempt,
                            const error& why, std::uint64_t seed) {
  if (attempt + 1 >= options.attempts || why.is_permanent()) return {};
  try {
    if (options.when && !options.when(why)) return {};
  } catch (...) {
    return {.broken = error::from(std::current_exception())};
  }
  const duration asked =
      std::max(why.retry_after().value_or(duration::zero()), duration::zero());
  if (asked > options.wait_max) return {};
  return {.again = true, .wait = wait_before(options, attempt, asked, seed)};
}

}  // namespace troupe
