#include "support/catch.hpp"

#include <troupe/llm/circuit_breaker.hpp>

#include <chrono>

using namespace std::chrono_literals;
using troupe::time_point;
using troupe::llm::circuit_breaker;

namespace {

const time_point start{};

/// Has just opened, at `start`.
circuit_breaker opened() {
  circuit_breaker subject{{.failures_max = 2, .pause = 10s}};
  subject.on_failure(start);
  subject.on_failure(start);
  return subject;
}

}  // namespace

TEST_CASE("A circuit opens after so many failures in a row", "[breaker]") {
  circuit_breaker subject{{.failures_max = 3, .pause = 10s}};
  subject.on_failure(start);
  subject.on_failure(start);
  CHECK_FALSE(subject.refusal(start));
  subject.on_failure(start);
  CHECK(subject.refusal(start) == 10s);
  CHECK(subject.refusal(start + 4s) == 6s);
}

TEST_CASE("A success in between keeps the circuit closed", "[breaker]") {
  circuit_breaker subject{{.failures_max = 2, .pause = 10s}};
  for (int i = 0; i < 10; ++i) {
    subject.on_failure(start);
    subject.on_success();
  }
  CHECK_FALSE(subject.is_open());
}

TEST_CASE("After the pause one call tries, and the others wait for it",
          "[breaker]") {
  auto subject = opened();
  CHECK_FALSE(subject.refusal(start + 10s));
  CHECK(subject.refusal(start + 10s));
  SECTION("If it goes well, all may call") {
    subject.on_success();
    CHECK_FALSE(subject.refusal(start + 10s));
    CHECK_FALSE(subject.refusal(start + 10s));
  }
  SECTION("If it fails, the pause begins anew") {
    subject.on_failure(start + 12s);
    CHECK(subject.refusal(start + 12s) == 10s);
    CHECK_FALSE(subject.refusal(start + 22s));
  }
  SECTION("If it is given up, the next one tries") {
    subject.on_nothing();
    CHECK_FALSE(subject.refusal(start + 10s));
  }
}

TEST_CASE("Who only asks for the outlook is not the one that tries",
          "[breaker]") {
  auto subject = opened();
  CHECK(subject.outlook(start + 4s) == 6s);
  CHECK_FALSE(subject.outlook(start + 10s));
  CHECK_FALSE(subject.refusal(start + 10s));
  CHECK(subject.outlook(start + 10s) == 10s);
}

TEST_CASE("Failures of calls from before do not prolong the pause",
          "[breaker]") {
  auto subject = opened();
  subject.on_failure(start + 9s);
  CHECK_FALSE(subject.refusal(start + 10s));
}

TEST_CASE("Breaker options that make no sense are named", "[breaker]") {
  CHECK(mistakes_in(troupe::llm::breaker_options{}).empty());
  const troupe::llm::breaker_options none{.failures_max = 0, .pause = 0s};
  CHECK(mistakes_in(none).size() == 2);
}

TEST_CASE("A pause may be as long as time goes", "[breaker]") {
  const auto pause =
      GENERATE(troupe::duration::max(), troupe::duration::max() - 1ns);
  const time_point now{1h};
  circuit_breaker subject{{.failures_max = 1, .pause = pause}};
  subject.on_failure(now);
  CHECK(subject.refusal(now + std::chrono::hours{24 * 365 * 100}));
}
