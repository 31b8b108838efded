#include "troupe/rate.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace troupe {

namespace {

/// The maximum lateness of a timer. That is forgiven, or the rate would be
/// missed by it each time.
constexpr duration lateness = std::chrono::milliseconds{2};

/// However often it is halved.
constexpr double pace_min = 1.0 / 64;

/// A century, which is more than anybody means.
constexpr duration span_max = std::chrono::hours{24 * 365 * 100};

/// So many windows may corrections put the next pass off.
constexpr int corrected_windows_max = 16;

/// No server stops a line for longer than this, unless the window is longer.
constexpr duration pause_max = std::chrono::hours{24};

}  // namespace

std::vector<std::string> mistakes_in(const rate& allowed) {
  std::vector<std::string> found;
  if (!(allowed.amount > 0) || !std::isfinite(allowed.amount)) {
    found.emplace_back("rate.amount must be more than zero");
  }
  if (allowed.per <= duration::zero()) {
    found.emplace_back("rate.per must be more than zero");
  }
  if (!(allowed.burst >= 1) || !std::isfinite(allowed.burst)) {
    found.emplace_back("rate.burst must be at least 1");
  }
  return found;
}

rate_meter::rate_meter(rate allowed) noexcept : allowed_(allowed) {
  assert(mistakes_in(allowed).empty());
  allowed_.per = std::min(allowed_.per, span_max);
}

// Returns the time that an amount takes at the whole rate.
duration rate_meter::span_of(double amount) const noexcept {
  const double ticks =
      static_cast<double>(allowed_.per.count()) / allowed_.amount * amount;
  const auto most = static_cast<double>(span_max.count());
  if (!(ticks > 0)) return duration::zero();
  return duration{std::llround(std::min(ticks, most))};
}

duration rate_meter::correction_max() const noexcept {
  return allowed_.per + span_of(allowed_.burst - 1);
}

time_point rate_meter::ready_at() const noexcept {
  return after(due_, -span_of(allowed_.burst - 1));
}

void rate_meter::take(time_point now, double amount) noexcept {
  const double share = pace(now);
  due_ = after(std::max(due_, after(now, -lateness)), span_of(amount / share));
}

void rate_meter::give_back(double amount) noexcept {
  due_ = after(due_, -span_of(amount));
}

void rate_meter::charge(time_point now, double amount) noexcept {
  const duration most = correction_max();
  const time_point from = std::max(due_, after(now, -lateness));
  time_point last = now;
  for (int i = 0; i < corrected_windows_max; ++i) last = after(last, most);
  // The amount taken may lie beyond that: it was the user's own number.
  due_ = std::max(from,
                  std::min(after(from, std::min(span_of(amount), most)), last));
}

void rate_meter::back_off(time_point now) noexcept {
  if (slowed_ != time_point::min() && now - slowed_ < allowed_.per / 8) return;
  pace_ = std::max(pace(now) / 2, pace_min);
  slowed_ = now;
}

void rate_meter::pause(time_point now, time_point until) noexcept {
  const time_point last = after(now, std::max(pause_max, allowed_.per));
  due_ =
      std::max(due_, after(std::min(until, last), span_of(allowed_.burst - 1)));
}

double rate_meter::pace(time_point now) const noexcept {
  if (slowed_ == time_point::min()) return 1;
  const double gained = static_cast<double>((now - slowed_).count()) /
                        (2 * static_cast<double>(allowed_.per.count()));
  return std::min(1.0, pace_ + std::max(gained, 0.0));
}

}  // namespace troupe
