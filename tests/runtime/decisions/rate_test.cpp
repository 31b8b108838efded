#include "support/catch.hpp"

#include <troupe/rate.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace std::chrono_literals;
using troupe::duration;
using troupe::rate;
using troupe::rate_meter;
using troupe::time_point;

namespace {

const time_point first_ask{1h};

/// Returns the times of `count` passes that ask from `first_ask` on, one after
/// the other, by timers that are up to `late` late.
std::vector<time_point> passes(rate_meter meter, std::size_t count,
                               double amount = 1, duration late = 0ms) {
  std::vector<time_point> all;
  time_point now = first_ask;
  for (std::size_t i = 0; i < count; ++i) {
    if (meter.ready_at() > now) now = meter.ready_at() + late;
    meter.take(now, amount);
    all.push_back(now);
  }
  return all;
}

}  // namespace

TEST_CASE("What passes is spread evenly", "[rate]") {
  const auto all = passes(rate_meter{{.amount = 100, .per = 1s}}, 201);
  CHECK(all.front() == first_ask);
  CHECK(all[1] - all[0] <= 10ms);
  CHECK(all.back() - first_ask <= 2s);
  CHECK(all.back() - first_ask >= 2s - 2ms);
}

TEST_CASE("A burst passes at once after a pause", "[rate]") {
  const auto all =
      passes(rate_meter{{.amount = 10, .per = 1s, .burst = 5}}, 10);
  CHECK(all[4] == first_ask);
  CHECK(all[5] > first_ask + 90ms);
  CHECK(all[9] <= first_ask + 500ms);
  CHECK(all[9] >= first_ask + 490ms);
}

TEST_CASE("Late timers do not lower the rate", "[rate]") {
  const auto all = passes(rate_meter{{.amount = 100, .per = 1s}}, 101, 1, 1ms);
  CHECK(all.back() - first_ask <= 1001ms);
}

TEST_CASE("A pause is not made up for", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s}};
  meter.take(first_ask, 1);
  const time_point later = first_ask + 1h;
  meter.take(later, 1);
  CHECK(meter.ready_at() >= later + 98ms);
}

TEST_CASE("A large amount passes and is paid for afterwards", "[rate]") {
  rate_meter meter{{.amount = 1000, .per = 1min}};
  meter.take(first_ask, 5000);
  CHECK(meter.ready_at() >= first_ask + 5min - 2ms);
  meter.give_back(4000);
  CHECK(meter.ready_at() <= first_ask + 1min);
  meter.charge(first_ask, 1000);
  CHECK(meter.ready_at() >= first_ask + 2min - 2ms);
}

TEST_CASE("Backing off halves the rate, which grows back", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s}};
  CHECK(meter.pace(first_ask) == 1);
  meter.back_off(first_ask);
  CHECK(meter.pace(first_ask) == 0.5);
  meter.back_off(first_ask + 100ms);
  CHECK(std::abs(meter.pace(first_ask + 100ms) - 0.55) < 1e-9);
  CHECK(meter.pace(first_ask + 1s) == 1);
  meter.take(first_ask, 1);
  CHECK(meter.ready_at() >= first_ask + 198ms);
  CHECK(meter.ready_at() <= first_ask + 200ms);
}

TEST_CASE("However often it backs off, something passes", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s}};
  time_point now = first_ask;
  for (int i = 0; i < 100; ++i) {
    meter.back_off(now);
    now += 125ms;
  }
  CHECK(meter.pace(now) > 0.01);
}

TEST_CASE("Nothing passes in a pause that was asked for", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s, .burst = 10}};
  meter.pause(first_ask, first_ask + 1min);
  CHECK(meter.ready_at() == first_ask + 1min);
  meter.pause(first_ask, first_ask);
  CHECK(meter.ready_at() == first_ask + 1min);
}

TEST_CASE("Times end at the ends of time", "[clock]") {
  using troupe::after;
  CHECK(after(first_ask, 1s) == first_ask + 1s);
  CHECK(after(first_ask, -1s) == first_ask - 1s);
  CHECK(after(first_ask, duration::max()) == time_point::max());
  CHECK(after(time_point::max(), duration::max()) == time_point::max());
  CHECK(after(time_point::min(), duration::max()) == time_point{} - 1ns);
  CHECK(after(time_point{} - 1h, duration::min()) == time_point::min());
  CHECK(after(time_point::min(), -1s) == time_point::min());
}

TEST_CASE("A correction takes what is left and one window at most", "[rate]") {
  rate_meter meter{{.amount = 1000, .per = 1min}};
  meter.take(first_ask, 1);
  meter.charge(first_ask, 1e18);
  CHECK(meter.ready_at() >= first_ask + 1min);
  CHECK(meter.ready_at() <= first_ask + 1min + 1s);
  rate_meter bursting{{.amount = 1000, .per = 1min, .burst = 3000}};
  bursting.take(first_ask, 1);
  bursting.charge(first_ask, 1e18);
  CHECK(bursting.ready_at() >= first_ask + 1min);
  CHECK(bursting.ready_at() <= first_ask + 1min + 1s);
}

TEST_CASE("Many corrections together are bounded", "[rate]") {
  rate_meter meter{{.amount = 1000, .per = 1min}};
  for (int i = 0; i < 10'000; ++i) {
    meter.take(first_ask, 1);
    meter.charge(first_ask, std::numeric_limits<double>::max());
  }
  CHECK(meter.ready_at() >= first_ask + 16min);
  CHECK(meter.ready_at() <= first_ask + 27min);
}

TEST_CASE("No amount and no pause turns the future into the past", "[rate]") {
  rate_meter meter{{.amount = 1, .per = 24h, .burst = 1e300}};
  for (int i = 0; i < 10; ++i) {
    meter.take(first_ask, std::numeric_limits<double>::max());
    CHECK(meter.ready_at() >= first_ask - 1s);
    meter.charge(first_ask, std::numeric_limits<double>::infinity());
    meter.charge(first_ask, std::nan(""));
    meter.pause(first_ask, time_point::max());
    CHECK(meter.ready_at() >= first_ask - 1s);
  }
  for (int i = 0; i < 10; ++i) {
    meter.give_back(std::numeric_limits<double>::max());
    meter.give_back(std::nan(""));
  }
  CHECK(meter.ready_at() < first_ask);
}

TEST_CASE("A pause by a server ends after a day at the latest", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s}};
  meter.pause(first_ask, time_point::max());
  CHECK(meter.ready_at() == first_ask + 24h);
}

TEST_CASE("What is given back before anything passed changes nothing",
          "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s, .burst = 5}};
  meter.give_back(3);
  CHECK(meter.ready_at() == time_point::min());
}

TEST_CASE("A pass moves the next one by its share of the time", "[rate]") {
  rate_meter meter{{.amount = 1000, .per = 1min}};
  meter.take(first_ask, 1);
  // Two milliseconds are for late timers.
  CHECK(meter.ready_at() == first_ask + 58ms);
  meter.take(first_ask + 59ms, 2);
  CHECK(meter.ready_at() == first_ask + 58ms + 120ms);
  rate_meter bursting{{.amount = 1000, .per = 1min, .burst = 3}};
  bursting.take(first_ask, 1);
  CHECK(bursting.ready_at() == first_ask - 62ms);
}

TEST_CASE("A century stands for all that is longer", "[rate]") {
  rate_meter meter{{.amount = 1, .per = duration::max()}};
  meter.take(first_ask, 1);
  CHECK(meter.ready_at() == first_ask - 2ms + 24h * 365 * 100);
}

TEST_CASE("Corrections alone put the next pass off by 16 windows", "[rate]") {
  rate_meter meter{{.amount = 1000, .per = 1min}};
  for (int i = 0; i < 20; ++i) meter.charge(first_ask, 5000);
  CHECK(meter.ready_at() == first_ask + 16min);
  // The amount that the user took may lie beyond that, and stays.
  rate_meter taken{{.amount = 1000, .per = 1min}};
  taken.take(first_ask, 100'000);
  taken.charge(first_ask, 1000);
  CHECK(taken.ready_at() == first_ask + 100min - 2ms);
}

TEST_CASE("Calls to back off count as one within an eighth of the time",
          "[rate]") {
  rate_meter meter{{.amount = 10, .per = 1s}};
  meter.back_off(first_ask);
  meter.back_off(first_ask + 125ms - 1ns);
  CHECK(meter.pace(first_ask) == 0.5);
  meter.back_off(first_ask + 125ms);
  CHECK(meter.pace(first_ask + 125ms) == (0.5 + 0.0625) / 2);
}

TEST_CASE("A pause may last as long as the window of the rate", "[rate]") {
  rate_meter meter{{.amount = 10, .per = 48h}};
  meter.pause(first_ask, time_point::max());
  CHECK(meter.ready_at() == first_ask + 48h);
}

TEST_CASE("A part of a rate out of its bounds is named", "[rate]") {
  CHECK(mistakes_in(rate{}).empty());
  CHECK(mistakes_in(rate{.amount = 0}).size() == 1);
  CHECK(mistakes_in(rate{.amount = std::nan("")}).size() == 1);
  CHECK(mistakes_in(rate{.per = 0s}).size() == 1);
  CHECK(mistakes_in(rate{.per = duration::max()}).empty());
  CHECK(mistakes_in(rate{.burst = 0.5}).size() == 1);
  CHECK(mistakes_in(rate{.amount = -1,
                         .per = -1s,
                         .burst = std::numeric_limits<double>::infinity()})
            .size() == 3);
}

TEST_CASE(
    "No stretch of time has more than its rate, a burst and a timer's "
    "lateness allow",
    "[rate]") {
  CHECK(rc::check([] {
    const double amount = *rc::gen::inRange(1, 1000);
    const double burst = *rc::gen::inRange(1, 50);
    const rate allowed{amount, 1s, burst};
    rate_meter meter{allowed};
    std::vector<time_point> all;
    time_point now = first_ask;
    for (int i = 0; i < 300; ++i) {
      now += std::chrono::microseconds{*rc::gen::inRange(0, 20'000)};
      now = std::max(now, meter.ready_at());
      meter.take(now, 1);
      all.push_back(now);
    }
    const auto late = std::chrono::duration<double>{2ms}.count();
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i; j < all.size(); j += 7) {
        const std::chrono::duration<double> span = all[j] - all[i];
        const double most = burst + (span.count() + late) * amount + 1;
        RC_ASSERT(static_cast<double>(j - i) <= most);
      }
    }
  }));
}
