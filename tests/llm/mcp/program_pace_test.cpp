#include "process/program_pace.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace std::chrono_literals;
using troupe::time_point;
using troupe::llm::detail::reading_pace;
using troupe::llm::detail::restart_pace;

TEST_CASE("A program that writes without end is read at a bounded rate",
          "[program_pace]") {
  const time_point start{1h};
  reading_pace pace{start};
  pace.spend(19'999, 0);
  CHECK(pace.may_read());
  pace.spend(1, 0);
  CHECK_FALSE(pace.may_read());
  pace.go_on(start + 10ms);
  CHECK(pace.may_read());
  pace.spend(100, 0);
  CHECK_FALSE(pace.may_read());
  pace.go_on(start + 1h);
  pace.spend(0, 16'000'000);
  CHECK(pace.may_read());
  pace.spend(0, 16'000'000);
  CHECK_FALSE(pace.may_read());
}

TEST_CASE("A program that ends soon three times has to wait",
          "[program_pace]") {
  time_point now{1h};
  restart_pace pace;
  for (int i = 0; i < 2; ++i) {
    pace.ended(now, now + 1s);
    CHECK_FALSE(pace.wait(now + 1s));
  }
  pace.ended(now, now + 1s);
  CHECK(pace.wait(now + 1s) == troupe::duration{1s});
  CHECK_FALSE(pace.wait(now + 2s));
  pace.ended(now, now + 1s);
  CHECK(pace.wait(now + 1s) == troupe::duration{2s});
  for (int i = 0; i < 100; ++i) pace.ended(now, now + 1s);
  CHECK(pace.wait(now + 1s) == troupe::duration{1min});
  pace.ended(now, now + 11s);
  CHECK_FALSE(pace.wait(now + 11s));
}
