#include "support/catch.hpp"

#include <troupe/json.hpp>
#include <troupe/llm/reply_error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::llm;
using troupe::errc;
using troupe::error;
using troupe::http_header;
using troupe::http_response;
using troupe::json;

namespace {

using wall_time = std::chrono::system_clock::time_point;

/// 6 November 1994, 8:49:37, in seconds since 1970.
const wall_time now{784'111'777s};

std::optional<troupe::duration> wait(std::vector<http_header> headers) {
  http_response head;
  head.headers = std::move(headers);
  return wait_asked(head, now);
}

error error_for(int status, std::string body = {},
                std::vector<http_header> headers = {}) {
  http_response reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  return error_of_reply(reply, now);
}

std::string body(const char* type, const char* code = "") {
  return json{
      {"error", {{"message", "so it is"}, {"type", type}, {"code", code}}}}
      .dump();
}

}  // namespace

TEST_CASE("Retry-After counts as seconds and as a date", "[reply_error]") {
  CHECK(wait({{"retry-after", "2"}}) == 2s);
  CHECK(wait({{"retry-after", "1.5"}}) == 1500ms);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"}}) == 3s);
  CHECK(wait({{"retry-after-ms", "250"}, {"retry-after", "9"}}) == 250ms);
}

TEST_CASE("A wait that makes no sense is none, or one that does",
          "[reply_error]") {
  CHECK(wait({}) == std::nullopt);
  CHECK(wait({{"retry-after", "soon"}}) == std::nullopt);
  CHECK(wait({{"retry-after", "nan"}}) == std::nullopt);
  CHECK(wait({{"retry-after", "-3"}}) == 0s);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"}}) == 0s);
  CHECK(wait({{"retry-after", "1e300"}}) == 24h);
}

TEST_CASE("A limit that is used up is waited for until its reset",
          "[reply_error]") {
  CHECK(wait({{"x-ratelimit-remaining-requests", "0"},
              {"x-ratelimit-reset-requests", "1m2.5s"}}) == 62'500ms);
  CHECK(wait({{"x-ratelimit-remaining-requests", "0"},
              {"x-ratelimit-reset-requests", "20ms"},
              {"x-ratelimit-remaining-tokens", "0"},
              {"x-ratelimit-reset-tokens", "6m0s"}}) == 6min);
  CHECK(wait({{"x-ratelimit-remaining-requests", "3"},
              {"x-ratelimit-reset-requests", "1m"}}) == std::nullopt);
  CHECK(wait({{"anthropic-ratelimit-tokens-remaining", "0"},
              {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:42Z"}}) ==
        5s);
}

TEST_CASE("A wait is read in all forms that servers write", "[reply_error]") {
  const auto in = [](const char* text) { return wait_in(text, now); };
  CHECK(in(" 12 ") == 12s);
  CHECK(in("39s") == 39s);
  CHECK(in("0.5s") == 500ms);
  CHECK(in("30 seconds") == 30s);
  CHECK(in("1h2m3s") == 1h + 2min + 3s);
  CHECK(in("784111780") == 3s);
  CHECK(in("784111780000") == 3s);
  CHECK(in("Sunday, 06-Nov-94 08:49:40 GMT") == 3s);
  CHECK(in("Sun Nov  6 08:49:40 1994") == 3s);
  CHECK(in("1994-11-06T09:49:40.5+01:00") == 3s);
  CHECK(in("1994-11-06T08:49:40Z") == 3s);
  for (const char* each : {"", "soon", "s", "1x", "1994", "-"}) {
    CAPTURE(each);
    CHECK((in(each) == std::nullopt || in(each) == 1994s));
  }
  CHECK(in("99999999999999999999999999") == 24h);
}

TEST_CASE("A reset may be in plain seconds, and of any limit",
          "[reply_error]") {
  CHECK(wait({{"x-ratelimit-remaining-requests", "0"},
              {"x-ratelimit-reset-requests", "12"}}) == 12s);
  CHECK(wait({{"x-ratelimit-remaining", "0"},
              {"x-ratelimit-reset", "784111780000"}}) == 3s);
  CHECK(wait({{"x-ratelimit-remaining-tokens-day", "0"},
              {"x-ratelimit-reset-tokens-day", "9"}}) == 9s);
  CHECK(wait({{"x-ratelimit-reset", "12"}}) == std::nullopt);
  CHECK(error_for(429, {}, {{"x-ratelimit-reset", "12"}}).retry_after() ==
        troupe::duration{12s});
}

TEST_CASE("A wait may be in the body", "[reply_error]") {
  // RooCode#2118
  const std::string google =
      R"({"error": {"code": 429, "message": "used up",
          "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.Help"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo",
             "retryDelay": "39s"}]}})";
  for (const auto& each : {google, "[" + google + "]"}) {
    const auto why = error_for(429, each);
    CHECK(why.retry_after() == troupe::duration{39s});
    CHECK(why.message() ==
          "the server answered with status 429 (429): used up");
    CHECK(error_for(200, each).retry_after() == troupe::duration{39s});
  }
  CHECK(error_for(429, google, {{"retry-after", "7"}}).retry_after() ==
        troupe::duration{7s});
}

TEST_CASE("A server may say itself whether to try again", "[reply_error]") {
  CHECK(error_for(429, {}, {{"x-should-retry", "false"}}).is_permanent());
  const auto why = error_for(400, {}, {{"x-should-retry", "true"}});
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("A status says whether to try again, and how", "[reply_error]") {
  for (const int status : {429, 498, 503, 529}) {
    CAPTURE(status);
    CHECK(error_for(status).code() == errc::rate_limited);
    CHECK_FALSE(error_for(status).is_permanent());
  }
  for (const int status : {408, 409, 425, 500, 502, 504}) {
    CAPTURE(status);
    CHECK(error_for(status).code() == errc::request_failed);
    CHECK_FALSE(error_for(status).is_permanent());
  }
  for (const int status : {401, 403, 407}) {
    CAPTURE(status);
    CHECK(error_for(status).code() == errc::unauthorized);
    CHECK(error_for(status).is_permanent());
  }
  for (const int status : {301, 400, 402, 404, 413, 422}) {
    CAPTURE(status);
    CHECK(error_for(status).code() == errc::request_failed);
    CHECK(error_for(status).is_permanent());
  }
}

TEST_CASE("What more money or a shorter text would mend is not tried again",
          "[reply_error]") {
  CHECK(error_for(429, body("requests", "insufficient_quota")).is_permanent());
  CHECK(error_for(500, body("", "context_length_exceeded")).is_permanent());
}

TEST_CASE("An error inside of a stream is told by its type", "[reply_error]") {
  CHECK(error_for(200, body("overloaded_error")).code() == errc::rate_limited);
  CHECK(error_for(200, body("invalid_request_error")).is_permanent());
  CHECK_FALSE(error_for(200, body("api_error")).is_permanent());
}

TEST_CASE("The text has the status, the server's words and the request's id",
          "[reply_error]") {
  CHECK(error_for(400, body("t", "c"), {{"x-request-id", "r-1"}}).message() ==
        "the server answered with status 400 (c): so it is [request r-1]");
  CHECK(error_for(502, "<h1>Bad gateway</h1>\n").message() ==
        "the server answered with status 502: <h1>Bad gateway</h1>");
  CHECK(error_for(404, "{\"detail\":\"Not Found\"}").message() ==
        "the server answered with status 404: Not Found");
}

TEST_CASE("The text names who was asked, and where a redirect leads",
          "[reply_error]") {
  http_response reply;
  reply.status = 308;
  reply.headers = {{"location", "https://me:secret@there/v1?key=secret"}};
  const auto text = error_of_reply(reply, now, "POST http://h/v1").message();
  CHECK(text ==
        "the server answered with status 308 to POST http://h/v1; it "
        "redirects to https://there/v1: use that address if you trust it");
}

TEST_CASE("What validators quote of the request is not repeated",
          "[reply_error]") {
  const json detail = json::array({{{"loc", {"body", "model"}},
                                    {"msg", "Field required"},
                                    {"input", {{"messages", "a secret"}}}}});
  CHECK(error_for(422, json{{"detail", detail}}.dump()).message() ==
        "the server answered with status 422: "
        "[\"body\",\"model\"] Field required");
}

TEST_CASE("A server that says much, or nonsense, is cut short",
          "[reply_error]") {
  const auto long_text = error_for(500, std::string(100'000, 'x')).message();
  CHECK(long_text.size() < 600);
  const auto broken = error_for(500, "\xFF\xFE\x01").message();
  CHECK_NOTHROW(json(broken).dump());
}

TEST_CASE("The wait that was asked for comes with the error", "[reply_error]") {
  CHECK(error_for(429, {}, {{"retry-after", "7"}}).retry_after() ==
        troupe::duration{7s});
  CHECK(error_for(401, {}, {{"retry-after", "7"}}).retry_after() ==
        std::nullopt);
}

TEST_CASE("The field RateLimit says when there is room again",
          "[reply_error]") {
  const char* policy = R"("day";q=9;w=90, "x,y";q=1;w=60)";
  CHECK(wait({{"ratelimit", R"("x";r=0;t=12)"}}) == 12s);
  CHECK(wait({{"ratelimit", R"("x";r=5;t=12, "y";r=0;t=3)"}}) == 3s);
  CHECK(wait({{"ratelimit", R"("x";r=0;t=3, "y";r=0;t=12)"}}) == 12s);
  CHECK(wait({{"ratelimit", R"("x";r=5;t=12)"}}) == std::nullopt);
  CHECK(wait({{"ratelimit", "limit=10, remaining=0, reset=7"}}) == 7s);
  CHECK(wait({{"ratelimit", "limit=10, remaining=1, reset=7"}}) ==
        std::nullopt);
  CHECK(wait({{"ratelimit", R"("x,y";r=0)"}, {"ratelimit-policy", policy}}) ==
        60s);
  CHECK(wait({{"ratelimit-policy", policy}}) == std::nullopt);
  CHECK(wait({{"retry-after", "2"}, {"ratelimit", R"("x";r=0;t=12)"}}) == 2s);
  CHECK(error_for(429, {}, {{"ratelimit", R"("x";t=12)"}}).retry_after() ==
        troupe::duration{12s});
  for (const char* each :
       {"", ";", ",", "\"", "\"x", "r=0", "x;r=0;t=", "x;t"}) {
    CAPTURE(each);
    CHECK(wait({{"ratelimit", each}}) == std::nullopt);
  }
}

TEST_CASE("A wait has other names as well", "[reply_error]") {
  CHECK(wait({{"x-retry-after", "5"}}) == 5s);
  CHECK(wait({{"x-rate-limit-remaining", "0"}, {"x-rate-limit-reset", "5"}}) ==
        5s);
  CHECK(error_for(429, R"({"error": {"retryAfterMs": 1500}})").retry_after() ==
        troupe::duration{1500ms});
  CHECK(wait({{"x-ms-retry-after-ms", "1500"}}) == 1500ms);
  CHECK(wait({{"retry-after", "5, 5"}}) == 5s);
  CHECK(error_for(503, R"({"error": "loading", "estimated_time": 5.0})")
            .retry_after() == troupe::duration{5s});
  for (const char* words : {"Please wait 5 seconds", "It resets in 5s.",
                            "retry_delay {\n  seconds: 5\n}"}) {
    CAPTURE(words);
    CHECK(error_for(429, words).retry_after() == troupe::duration{5s});
  }
}
