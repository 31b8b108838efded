#include "troupe/retry.hpp"

#include <algorithm>
#include <cmath>
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

duration shortened(duration wait, jitter kind, std::uint32_t attempt,
                   std::uint64_t seed) {
  if (kind == jitter::none || wait <= duration::zero()) return wait;
  std::mt19937_64 random{seed + attempt};
  const duration least = kind == jitter::equal ? wait / 2 : duration::zero();
  return duration{std::uniform_int_distribution<duration::rep>{
      least.count(), wait.count()}(random)};
}

}  // namespace

std::vector<std::string> mistakes_in(const retry_options& options) {
  std::vector<std::string> found;
  if (options.attempts < 1 || options.attempts > attempts_max) {
    found.push_back("retry.attempts is " + std::to_string(options.attempts) +
                    ", it must be from 1 to " + std::to_string(attempts_max));
  }
  if (options.wait < duration::zero()) {
    found.emplace_back("retry.wait is negative");
  }
  if (!(options.backoff >= 1.0) || !std::isfinite(options.backoff)) {
    found.push_back("retry.backoff is " + std::to_string(options.backoff) +
                    ", it must be at least 1");
  }
  if (options.wait_max < duration::zero()) {
    found.emplace_back("retry.wait_max is negative");
  }
  if (options.wait > options.wait_max) {
    found.emplace_back("retry.wait is longer than retry.wait_max");
  }
  return found;
}

retry_decision decide_retry(const retry_options& options, std::uint32_t attempt,
                            const error& why, std::uint64_t seed) {
  if (attempt + 1 >= options.attempts || why.is_permanent()) return {};
  if (options.when && !options.when(why)) return {};
  const duration least = why.retry_after().value_or(duration::zero());
  if (least > options.wait_max) return {};
  const duration own =
      shortened(grown_wait(options, attempt), options.jitter, attempt, seed);
  return {true, std::max(least, own)};
}

}  // namespace troupe
