// The waits, retries and failures of a client, against
// tests/support/servers/model_server.py.

#include "actor/lite_actor.hpp"
#include "support/catch.hpp"
#include "support/models/each_api.hpp"
#include "support/models/fault_room.hpp"
#include "support/tries.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::event_kind;
using troupe::json;
using troupe::llm::api;

namespace {

json errors_then_reply(int status, std::size_t times, const json& wait = {}) {
  json failing{{"status", status}};
  if (!wait.is_null()) failing["retry_after"] = wait;
  return script({rule(failing, times), rule("Done.")});
}

/// Returns the times of the requests of a log, in milliseconds.
std::vector<double> times_of(const json& log) {
  std::vector<double> found;
  for (const auto& each : log.at("requests")) {
    found.push_back(each.at("at_ms").get<double>());
  }
  return found;
}

/// A reply that says a word, and then no more.
json never_ending() {
  return script({rule({{"text", "One. {here}"}, {"fault", "stall"}})});
}

}  // namespace

// -- retries ------------------------------------------------------------------

TEST_CASE("A server that fails for a time is asked until it answers",
          "[client_retry]") {
  const auto which = each_api();
  const int status = GENERATE(408, 409, 429, 500, 502, 503, 529);
  fault_room room{errors_then_reply(status, 2)};
  CHECK(room.text(room.options(which), tries(3)) == "Done.");
  CHECK(room.count("requests") == 3);
}

TEST_CASE("The error names the status when the retries are used up",
          "[client_retry]") {
  const auto which = each_api();
  fault_room room{errors_then_reply(500, 9)};
  const auto why = room.failure(room.options(which), tries(3));
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "500"));
  CHECK(why.attempt() == 2U);
  CHECK(room.count("requests") == 3);
}

TEST_CASE("What a retry cannot mend is not tried again", "[client_retry]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  const int status = GENERATE(400, 401, 403, 404, 413, 422);
  fault_room room{errors_then_reply(status, 9)};
  auto how = room.options(which);
  how.stream = stream;
  const auto why = room.failure(std::move(how), tries(3));
  CHECK(why.code() == (status == 401 || status == 403 ? errc::unauthorized
                                                      : errc::request_failed));
  CHECK(why.is_permanent());
  CHECK(has(why.message(), std::to_string(status)));
  CHECK(room.count("requests") == 1);
}

TEST_CASE("A server without any money left is not tried again",
          "[client_retry]") {
  const json body{{"error",
                   {{"message", "You exceeded your current quota."},
                    {"type", "insufficient_quota"},
                    {"code", "insufficient_quota"}}}};
  fault_room room{script({rule({{"status", 429}, {"body", body}})})};
  const auto why = room.failure(room.options(), tries(3));
  CHECK(why.is_permanent());
  CHECK(room.count("requests") == 1);
}

// -- limits -------------------------------------------------------------------

TEST_CASE("A storm of 429 is waited out as the server asks", "[client_retry]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  fault_room room{errors_then_reply(429, 3, {{"ms", 40}})};
  auto how = room.options(which);
  how.stream = stream;
  CHECK(room.text(std::move(how), tries(4)) == "Done.");
  const auto times = times_of(room.log());
  REQUIRE(times.size() == 4);
  for (std::size_t i = 1; i < times.size(); ++i) {
    CHECK(times[i] - times[i - 1] >= 40);
  }
}

TEST_CASE("The wait a server asks for is in the error", "[client_retry]") {
  json wait;
  SECTION("seconds") { wait = {{"seconds", 60}}; }
  SECTION("milliseconds") { wait = {{"ms", 60'000}}; }
  SECTION("date") { wait = {{"date_s", 60}}; }
  fault_room room{errors_then_reply(429, 1, wait)};
  const auto why = room.failure(room.options());
  CHECK(why.code() == errc::rate_limited);
  REQUIRE(why.retry_after().has_value());
  CHECK(*why.retry_after() > 30s);
  CHECK(*why.retry_after() <= 60s);
}

TEST_CASE("A server that asks for more than the longest wait is given up",
          "[client_retry]") {
  fault_room room{errors_then_reply(429, 1, {{"seconds", 60}})};
  auto options = tries(2);
  options.retry.wait_max = 1s;
  CHECK(room.failure(room.options(), options).code() == errc::rate_limited);
  CHECK(room.count("requests") == 1);
}

TEST_CASE("A 429 slows the rate of all calls of a client down",
          "[client_retry]") {
  fault_room room{errors_then_reply(429, 1, {{"ms", 100}})};
  auto how = room.options();
  how.rate = troupe::rate_limit{
      room.system, {.requests = {.amount = 1000, .per = 1s, .burst = 1000}}};
  CHECK(room.failure(how).code() == errc::rate_limited);
  CHECK(room.text(how) == "Done.");
  const auto times = times_of(room.log());
  REQUIRE(times.size() == 2);
  CHECK(times[1] - times[0] >= 100);
}

TEST_CASE("Calls above the rate of a server all come through in the end",
          "[client_retry]") {
  const json above{{"limit", {{"per_second", 100}, {"burst", 2}}}};
  fault_room room{script({above, rule("Done.")})};
  const auto how = room.options();
  auto options = tries(100);
  options.retry.jitter = troupe::jitter::full;
  options.retry.wait = 5ms;
  std::vector<troupe::run> runs;
  for (int i = 0; i < 10; ++i) runs.push_back(room.start(how, options));
  for (const auto& each : runs) CHECK(each.get().ok());
  const auto times = times_of(room.log());
  CHECK(times.back() - times.front() >= 75);
}

// -- giving up ----------------------------------------------------------------

TEST_CASE("A run that is cancelled in the middle of a stream aborts it",
          "[client_retry]") {
  const auto which = each_api();
  fault_room room{never_ending()};
  auto how = room.options(which);
  how.stream = true;
  const auto run = room.start(std::move(how));
  auto events = run.events();
  auto told = events.next();
  while (told && told->kind != event_kind::custom) told = events.next();
  REQUIRE(told.has_value());
  CHECK(told->data.to_json() == json{{"token", "One. "}});
  run.cancel();
  CHECK(run.get().failure.value().code() == errc::cancelled);
  CHECK(room.log("aborted", 1).at("counters").at("active") == 0);
}

TEST_CASE("A run that is cancelled before the reply comes aborts the call",
          "[client_retry]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  fault_room room{script({rule({{"fault", "silence"}})})};
  auto how = room.options(which);
  how.stream = stream;
  const auto run = room.start(std::move(how));
  room.log("active", 1);
  run.cancel();
  CHECK(run.get().failure.value().code() == errc::cancelled);
  CHECK(room.log("aborted", 1).at("counters").at("active") == 0);
}

TEST_CASE("An attempt that takes too long aborts its call", "[client_retry]") {
  fault_room room{script({rule({{"fault", "silence"}}, 1), rule("Done.")})};
  auto options = tries(20);
  options.timeout = 100ms;
  CHECK(room.text(room.options(), options) == "Done.");
  CHECK(room.log("aborted", 1).at("counters").at("replies") >= 1);
}

TEST_CASE("What a client starts is gone with its faults", "[client_retry]") {
  const long before = troupe::detail::lite_actor::live();
  {
    fault_room room{never_ending()};
    auto how = room.options();
    how.stream = true;
    const auto run = room.start(how);
    room.log("active", 1);
    how.limits.idle = 60ms;
    CHECK(room.failure(how).code() == errc::timed_out);
    run.cancel();
  }
  CHECK(troupe::detail::lite_actor::live() == before);
}
