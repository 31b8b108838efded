// The reaction of a client to answers of real servers: a test for each file of
// tests/data/servers, which tests/support/servers/case_server.py plays.

#include "support/catch.hpp"
#include "support/models/case_room.hpp"

#include <troupe/http/http_message.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;

namespace {

/// The reply of a case that must end well.
json reply_of(case_room& room) {
  const auto end = room.run();
  INFO(room.name << ": " << (end.failure ? end.failure->describe() : ""));
  REQUIRE_FALSE(end.failure);
  return end.reply;
}

std::string text_of(const std::string& name) {
  case_room room{name};
  return reply_of(room).at("message").at("text").get<std::string>();
}

/// Name and arguments of each call in the reply.
json calls_of(const std::string& name) {
  case_room room{name};
  auto calls = json::array();
  const auto reply = reply_of(room);
  for (const auto& each : reply.at("message").at("calls")) {
    calls.push_back({each.at("name"), each.at("arguments")});
  }
  return calls;
}

error failure_of(case_room& room) {
  const auto end = room.run();
  INFO(room.name << ": " << end.reply);
  REQUIRE(end.failure);
  return *end.failure;
}

error failure_of(const std::string& name) {
  case_room room{name};
  return failure_of(room);
}

const json oslo{"weather", {{"city", "Oslo"}}};
const json rome{"weather", {{"city", "Rome"}}};

}  // namespace

// -- errors -------------------------------------------------------------------

TEST_CASE("A refused key inside of a 200 is permanent", "[server_cases]") {
  CHECK(failure_of("b-200-401").is_permanent());
}

TEST_CASE("A refused key inside of a 200 is not tried again",
          "[server_cases]") {
  case_room room{"q-401-in-200-retried"};
  CHECK(failure_of(room).is_permanent());
  CHECK(room.log().size() == 1);
}

TEST_CASE("A rate limit inside of a 200 is one", "[server_cases]") {
  const auto* name = GENERATE("b-200-429", "err-code429");
  const auto why = failure_of(name);
  CHECK(why.code() == errc::rate_limited);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("The reason of the server behind a gateway is told",
          "[server_cases]") {
  const auto why = failure_of("b-raw-reason");
  CHECK(why.code() == errc::rate_limited);
  CHECK(has(why.message(), "temporarily rate-limited upstream"));
}

TEST_CASE("An error instead of vectors is told in the server's words",
          "[server_cases]") {
  CHECK(has(failure_of("e-200-error").message(), "model not loaded"));
}

TEST_CASE("An error instead of a list of models is told in the server's words",
          "[server_cases]") {
  const auto why = failure_of("l-200-error");
  CHECK(has(why.message(), "bad key"));
  CHECK(why.is_permanent());
}

TEST_CASE("A bad request inside of a stream is permanent", "[server_cases]") {
  const auto why = failure_of("err-code400");
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "Context length exceeded"));
}

TEST_CASE("An error event is told in its words, whatever their form",
          "[server_cases]") {
  CHECK(has(failure_of("err-event-text").message(), "please slow down"));
  CHECK(has(failure_of("r-error-untyped").message(), "gone"));
}

TEST_CASE("A reply that ends in an error may be tried again",
          "[server_cases]") {
  const auto why = failure_of("err-finish-error");
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("An error in a field of its own is no empty reply",
          "[server_cases]") {
  const auto* name = GENERATE("err-llama-field", "q-agent-llama-error");
  const auto why = failure_of(name);
  CHECK(has(why.message(), "exceeds the available context size"));
  CHECK(why.is_permanent());
}

TEST_CASE("An object instead of a stream may be an error", "[server_cases]") {
  const auto why = failure_of("sse-json-error");
  CHECK(has(why.message(), "no such model"));
  CHECK(why.is_permanent());
}

// -- statuses -----------------------------------------------------------------

TEST_CASE("A redirect says where it leads", "[server_cases]") {
  const auto why = failure_of("s-308");
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "308"));
  CHECK(has(why.message(), "to https://127.0.0.1/v1/chat/completions"));
  case_room room{"s-302"};
  const auto other = failure_of(room);
  CHECK(other.is_permanent());
  CHECK(has(other.message(), "redirects to /login"));
  CHECK(room.log().size() == 1);
}

TEST_CASE("An address that is not there is named", "[server_cases]") {
  const auto why = failure_of("s-404-html");
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "POST http://127.0.0.1:"));
  CHECK(has(why.message(), "/v1/chat/completions"));
  CHECK(why.message().size() < 1'000);
}

TEST_CASE("A server without capacity may be tried again", "[server_cases]") {
  CHECK_FALSE(failure_of("s-498").is_permanent());
}

TEST_CASE("The wait that a server asks for is told", "[server_cases]") {
  CHECK(failure_of("s-gemini-retrydelay").retry_after() == 39s);
  CHECK(failure_of("s-reset-plain-seconds").retry_after() == 12s);
}

TEST_CASE("A server may say that trying again is of no use", "[server_cases]") {
  CHECK(failure_of("s-should-retry-false").is_permanent());
}

// -- what a body is -----------------------------------------------------------

TEST_CASE("A stream is one whatever its media type", "[server_cases]") {
  const auto* name = GENERATE("sse-no-type", "sse-json-type", "sse-plain-type",
                              "sse-odd-type", "sse-unasked", "sse-blank-first");
  CHECK(text_of(name) == "Hello");
}

TEST_CASE("A whole reply instead of a stream is one token", "[server_cases]") {
  case_room room{"sse-asked-json-got"};
  const auto end = room.run();
  REQUIRE_FALSE(end.failure);
  CHECK(end.tokens == std::vector<std::string>{"Hello"});
  CHECK(end.reply.at("message").at("text") == "Hello");
  CHECK(end.reply.at("usage").at("input") == 3);
}

TEST_CASE("A whole reply may come after comments of a stream",
          "[server_cases]") {
  CHECK(text_of("sse-comments-json") == "Hello");
}

TEST_CASE("Errors inside of a good reply name what was asked",
          "[server_cases]") {
  for (const char* name : {"b-200-429", "err-code400", "end-cut",
                           "end-done-only", "e-200-error", "l-200-error"}) {
    INFO(name);
    CHECK(has(failure_of(name).message(), "/c/" + std::string{name} + "/v1/"));
  }
}

TEST_CASE("Events without data are passed over", "[server_cases]") {
  CHECK(text_of("sse-empty-data") == "Hello");
}

TEST_CASE("What is no reply is shown", "[server_cases]") {
  const auto page = failure_of("sse-html");
  CHECK(page.code() == errc::bad_reply);
  CHECK(has(page.message(), "an HTML page: <html><body>Please log in"));
  const auto words = failure_of("sse-words");
  CHECK(words.code() == errc::bad_reply);
  CHECK(has(words.message(), "upstream connect error"));
}

// -- how a stream ends --------------------------------------------------------

TEST_CASE("A stream that has nothing but its end is no reply",
          "[server_cases]") {
  const auto* name = GENERATE("end-done-only", "q-agent-done-only");
  CHECK(failure_of(name).code() == errc::bad_reply);
}

TEST_CASE("A stream that ends after its reason is a whole reply",
          "[server_cases]") {
  const auto* name =
      GENERATE("end-no-done", "end-no-done-usage", "sse-no-last-blank");
  CHECK(text_of(name) == "Hello");
}

TEST_CASE("The usage behind the reason counts without an end",
          "[server_cases]") {
  case_room room{"end-no-done-usage"};
  CHECK(reply_of(room).at("usage").at("output") == 2);
}

TEST_CASE("A stream that ends in the middle of an event is cut off",
          "[server_cases]") {
  const auto why = failure_of("end-cut");
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "cut off after 3 bytes"));
}

TEST_CASE("A server that cuts its replies off is no server that is down",
          "[server_cases]") {
  case_room room{"end-cut@breaker"};
  auto how = room.options();
  how.breaker = troupe::llm::breaker_options{.failures_max = 2};
  const auto model = room.client(how);
  for (int i = 0; i < 4; ++i) {
    const auto why =
        room.chat_failure(model, troupe::llm::chat_request{"Do it"});
    CHECK(has(why.message(), "cut off"));
  }
  CHECK(room.log().size() == 4);
}

TEST_CASE("A model may think as long in a stream as before it",
          "[server_cases]") {
  CHECK(troupe::http_limits{}.idle >= 5min);
  CHECK(troupe::llm::client_options{}.limits.idle >= 5min);
}

// -- texts --------------------------------------------------------------------

TEST_CASE("Text in parts is text", "[server_cases]") {
  CHECK(text_of("f-content-parts-stream") == "Hello");
}

TEST_CASE("The first of several choices is the reply", "[server_cases]") {
  CHECK(text_of("f-n2") == "Hello");
}

TEST_CASE("An empty list stands for an empty object", "[server_cases]") {
  CHECK(text_of("f-usage-details-list") == "Hello");
}

TEST_CASE("Blocks that are not known are passed over", "[server_cases]") {
  CHECK(text_of("m-server-tool") == "Hello");
}

TEST_CASE("What was streamed is the reply if the last event has none",
          "[server_cases]") {
  CHECK(text_of("r-output-empty") == "Hello");
}

TEST_CASE("A value that comes after thoughts is found", "[server_cases]") {
  case_room room{"x-think-json"};
  CHECK(reply_of(room) == json{{"a", 1}});
}

// -- calls of tools -----------------------------------------------------------

TEST_CASE("A streamed call is whole, however it was cut", "[server_cases]") {
  const auto* name =
      GENERATE("m-tool-input-in-start", "r-args-object", "r-output-empty-call",
               "tc-id-number", "tc-name-repeated", "tc-noindex-split");
  INFO(name);
  CHECK(calls_of(name) == json::array({oslo}));
}

TEST_CASE("A new id begins a new call", "[server_cases]") {
  const auto* name = GENERATE("tc-index0-all", "real-portkey-google-stream");
  CHECK(calls_of(name) == json::array({oslo, rome}));
}

TEST_CASE("Arguments that are null are none", "[server_cases]") {
  case_room room{"tc-args-nulltext-agent"};
  CHECK(reply_of(room).at("answer") == "It is noon.");
  const auto said = room.asked(1).at("messages");
  CHECK(said.at(1).at("tool_calls").at(0).at("function").at("arguments") ==
        "{}");
  CHECK(said.at(2).at("content") == "noon");
}

// -- what goes back -----------------------------------------------------------

TEST_CASE("The signature of a call goes back with it", "[server_cases]") {
  case_room room{"rt-gemini-signature"};
  CHECK(reply_of(room).at("answer") == "Rain");
  const auto signature = [&](std::size_t turn, std::size_t at) {
    return room.asked(turn).at(
        json::json_pointer{"/messages/" + std::to_string(at) +
                           "/tool_calls/0/extra_content/google/"
                           "thought_signature"});
  };
  CHECK(signature(1, 1) == "SIG");
  CHECK(signature(2, 1) == "SIG");
  CHECK(signature(2, 3) == "SIG2");
}

TEST_CASE("Reasoning goes back with its message", "[server_cases]") {
  case_room room{"rt-deepseek-reasoning"};
  CHECK(reply_of(room).at("answer") == "Rain");
  const auto second = room.asked(1).at("messages");
  CHECK(second.at(1).at("reasoning_content") == "I need the weather");
  const auto third = room.asked(2).at("messages");
  CHECK(third.at(1).at("reasoning_content") == "I need the weather");
  CHECK(third.at(3).at("reasoning_content") == "And in Rome");
}

TEST_CASE("Thoughts go back as they came", "[server_cases]") {
  case_room room{"rt-anthropic-thinking"};
  CHECK(reply_of(room).at("answer") == "Rain");
  const json thought{
      {"type", "thinking"}, {"thinking", "hm"}, {"signature", "SIG"}};
  const json hidden{{"type", "redacted_thinking"}, {"data", "BLOB"}};
  const auto second = room.asked(1).at("messages");
  CHECK(second.at(1).at("content").at(0) == thought);
  CHECK(second.at(1).at("content").at(1).at("type") == "tool_use");
  const auto third = room.asked(2).at("messages");
  CHECK(third.at(1).at("content").at(0) == thought);
  CHECK(third.at(3).at("content").at(0) == hidden);
}

// -- lists and vectors --------------------------------------------------------

TEST_CASE("A list of models that is null is empty", "[server_cases]") {
  case_room room{"l-data-null"};
  CHECK(reply_of(room) == json::array());
}

TEST_CASE("A list of models is read to its end", "[server_cases]") {
  case_room room{"l-pages"};
  CHECK(reply_of(room) == json{"c1", "c2", "c3"});
  CHECK(has(room.log().at(1).at("path").get<std::string>(), "after_id=c2"));
}

TEST_CASE("A list of models that goes round in a circle is left",
          "[server_cases]") {
  case_room room{"l-endless"};
  CHECK(reply_of(room) == json{"c1"});
}

TEST_CASE("Vectors in Base64 are vectors", "[server_cases]") {
  case_room room{"e-base64"};
  CHECK(reply_of(room) == json{{1.0, 2.0}, {1.0, 2.0}});
}

TEST_CASE("A field of a request for vectors is added or left out",
          "[server_cases]") {
  case_room room{"e-extra"};
  CHECK(reply_of(room) == json{{1.0, 2.0}, {3.0, 4.0}});
  const auto asked = room.asked(0);
  CHECK_FALSE(asked.contains("encoding_format"));
  CHECK(asked.at("output_dtype") == "float");
}

// -- addresses ----------------------------------------------------------------

TEST_CASE("The query of an address stays at its end", "[server_cases]") {
  case_room room{"u-azure"};
  reply_of(room);
  CHECK(room.log().at(0).at("path") ==
        "/openai/deployments/d/chat/completions?api-version=2024-10-21");
}

TEST_CASE("A version in the address is not doubled", "[server_cases]") {
  case_room room{"u-anthropic-v1"};
  CHECK(failure_of(room).is_permanent());
  CHECK(room.log().at(0).at("path") == "/v1/messages");
}
