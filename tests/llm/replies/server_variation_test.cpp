// Answers of servers in other ways than those of server_reply_test.cpp and
// server_error_test.cpp: a table for each rule.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"
#include "support/has.hpp"

#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/reply_error.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe::llm;
using troupe::http_response;
using namespace troupe_test;
using troupe::errc;
using troupe::json;

namespace {

constexpr std::string_view hello_stream =
    R"(data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}

data: {"choices": [{"index": 0, "delta": {"content": "lo"}}]}

data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}

)";
constexpr std::string_view whole_hello =
    R"({"choices": [{"index": 0, "message": {"content": "Hello"},
        "finish_reason": "stop"}]})";

std::string text_of_stream(std::string_view stream) {
  return streamed(openai_chat(), std::string{stream}).first.text();
}
std::string text_of_choice(const std::string& choice) {
  return openai_chat().decode(R"({"choices": [)" + choice + "]}").text();
}

/// Name and arguments of each call in a stream with such deltas.
json stream_calls(const std::vector<std::string>& deltas) {
  std::string stream;
  for (const auto& each : deltas) {
    stream += R"(data: {"choices": [{"index": 0, "delta": )" + each + "}]}\n\n";
  }
  stream += R"(data: {"choices": [{"index": 0, "delta": {},
"finish_reason": "tool_calls"}]})";
  stream.erase(stream.rfind('\n'), 1);
  json calls = json::array();
  const auto reply = streamed(openai_chat(), stream + "\n\n").first;
  for (const auto& each : reply.message.calls) {
    calls.push_back({each.name, each.arguments});
  }
  return calls;
}
std::string call_part(const std::string& call) {
  return R"({"tool_calls": [)" + call + "]}";
}

const json call_oslo{"weather", {{"city", "Oslo"}}};
const json call_rome{"weather", {{"city", "Rome"}}};

}  // namespace

// -- streams ------------------------------------------------------------------

TEST_CASE("What keeps a stream alive is passed over", "[server_variation]") {
  for (const char* each :
       {"data: {}", "data: null", "data: 1", "data: []", "data: \"\"",
        "data: ping", "data: [KEEPALIVE]", "data: heartbeat",
        "event: keep_alive\ndata: 1", "event: keepAlive\ndata: x",
        "event: status\ndata: queued", "data: {\"type\": \"ping\"}"}) {
    CAPTURE(each);
    CHECK(text_of_stream(std::string{each} + "\n\n" +
                         std::string{hello_stream}) == "Hello");
  }
}

TEST_CASE("A stream ends in several ways", "[server_variation]") {
  for (const char* each :
       {"data: [DONE]", "data:[DONE] \n", "data: [done]\n", "data: \"[DONE]\"",
        "event: done\ndata: [DONE]", "event: done\ndata: {}"}) {
    CAPTURE(each);
    CHECK(text_of_stream(std::string{hello_stream} + each + "\n\n") == "Hello");
  }
}

TEST_CASE("Events without blank lines between them are taken apart",
          "[server_variation]") {
  std::string lines{hello_stream};
  for (auto at = lines.find("\n\n"); at != lines.npos;
       at = lines.find("\n\n")) {
    lines.erase(at, 1);
  }
  CHECK(text_of_stream(lines + "\n") == "Hello");
  CHECK(text_of_stream(lines + "data: [DONE]\n\n") == "Hello");
  // One value in several lines is one event.
  CHECK(text_of_stream("data: {\"choices\":\ndata: [{\"delta\": {\"content\": "
                       "\"Hello\"},\ndata: \"finish_reason\": "
                       "\"stop\"}]}\n\n") == "Hello");
}

TEST_CASE("JSON in lines is a stream", "[server_variation]") {
  std::string lines;
  std::string_view rest = hello_stream;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    if (line.starts_with("data: ")) lines += std::string{line.substr(6)} + "\n";
    rest.remove_prefix(end + 1);
  }
  CHECK(openai_chat().decode(lines).text() == "Hello");
}

TEST_CASE("A whole reply may come after comments", "[server_variation]") {
  CHECK(openai_chat()
            .decode(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" +
                    std::string{whole_hello})
            .text() == "Hello");
}

TEST_CASE("What JSON does not allow is mended in replies",
          "[server_variation]") {
  CHECK(text_of_choice(R"({"message": {"content": "Hello"}, "x": NaN,
                           "y": -Infinity})") == "Hello");
  CHECK(text_of_choice("{\"message\": {\"content\": \"Hel\tlo\"}}") ==
        "Hel\tlo");
  CHECK(text_of_choice(R"({"message": {"content": "a\ud83db"}})") ==
        "a\xEF\xBF\xBD"
        "b");
  std::string stream{hello_stream};
  stream.replace(stream.find("\"index\""), 7, "\"p\": NaN, \"index\"");
  CHECK(text_of_stream(stream) == "Hello");
}

// -- errors -------------------------------------------------------------------

TEST_CASE("Errors without an envelope are told in their words",
          "[server_variation]") {
  for (const char* each :
       {R"({"detail": "so it is"})",
        R"({"detail": [{"loc": ["body"], "msg": "so it is"}]})",
        R"({"ok": false, "message": "so it is"})",
        R"({"error_code": 17, "error_msg": "so it is"})",
        R"({"fault": {"faultstring": "so it is", "detail": {"a": 1}}})",
        R"({"__type": "x#ThrottlingException", "message": "so it is"})"}) {
    CAPTURE(each);
    for (const auto* format : formats) {
      const auto why = failure_of([&] { return format->decode(each); });
      CHECK(why.code() != errc::bad_reply);
      CHECK(has(why.message(), "so it is"));
      CHECK(has(stream_failure("data: " + std::string{each} + "\n\n", *format)
                    .message(),
                "so it is"));
    }
  }
}

TEST_CASE("The status of an error has many names", "[server_variation]") {
  for (const char* each :
       {R"("http_status": 429)", R"("httpCode": 429)", R"("httpStatus": 429)",
        R"("__type": "ThrottlingException")"}) {
    CAPTURE(each);
    const auto why = stream_failure(R"(data: {"error": {"message": "slow", )" +
                                    std::string{each} + "}}\n\n");
    CHECK(why.code() == errc::rate_limited);
  }
}

TEST_CASE("An error in an event, an exception or a delta is an error",
          "[server_variation]") {
  for (const char* each :
       {"event: ERROR\ndata: so it is\n\n",
        "event: exception\ndata: {\"message\": \"so it is\"}\n\n",
        "data: {\"choices\": [{\"delta\": {\"error\": {\"message\": \"so it "
        "is\"}}}]}\n\n"}) {
    CAPTURE(each);
    CHECK(has(stream_failure(each + std::string{done}).message(), "so it is"));
  }
}

TEST_CASE("The error of another choice does not matter", "[server_variation]") {
  CHECK(text_of_choice(R"({"index": 0, "message": {"content": "Hello"}},
            {"index": 1, "error": {"message": "x"}})") == "Hello");
}

TEST_CASE("An error's words may say how long to wait", "[server_variation]") {
  const auto wait = [](const std::string& words) {
    http_response reply;
    reply.status = 429;
    reply.body = json{{"error", {{"message", words}}}}.dump();
    return error_of_reply(reply, {}).retry_after();
  };
  using std::chrono::milliseconds;
  CHECK(wait("Please try again in 20s.") == milliseconds{20'000});
  CHECK(wait("Please try again in 7m12.5s. Visit") == milliseconds{432'500});
  CHECK(wait("try again in 120ms. Visit") == milliseconds{120});
  CHECK(wait("Please retry after 6 seconds.") == milliseconds{6'000});
  CHECK(wait("Please retry in 39.5s.") == milliseconds{39'500});
  CHECK_FALSE(wait("Please try again in a moment."));
  CHECK_FALSE(wait("retry after lunch"));
  CHECK_FALSE(wait("retry in 5"));
  CHECK(wait("retry in 99999999999999999999s") ==
        troupe::duration{std::chrono::hours{24}});
}

// -- texts --------------------------------------------------------------------

TEST_CASE("Text is found in nested parts and beside the message",
          "[server_variation]") {
  for (const char* each :
       {R"({"message": {"content": [{"type": "text",
            "text": {"value": "Hello"}}]}})",
        R"({"message": {"content": [null, {"text": "Hello"}]}})",
        R"({"text": "Hello", "finish_reason": "stop"})",
        R"({"message": {"content": "Hello"}, "finish_reason": {"a": 1}})"}) {
    CAPTURE(each);
    CHECK(text_of_choice(each) == "Hello");
  }
  CHECK(text_of_stream(
            "data: {\"choices\": [{\"text\": \"Hel\"}]}\n\ndata: {\"choices\": "
            "[{\"text\": \"lo\", \"finish_reason\": \"stop\"}]}\n\n") ==
        "Hello");
}

TEST_CASE("A refusal may be a part of the content", "[server_variation]") {
  const auto reply = openai_chat().decode(
      R"({"choices": [{"message": {"content":
          [{"type": "refusal", "refusal": "No"}]}}]})");
  CHECK(reply.text() == "No");
  CHECK(reply.finish == finish_reason::refused);
}

TEST_CASE("Usage has the names of other formats", "[server_variation]") {
  const auto reply = openai_chat().decode(
      R"({"choices": [{"message": {"content": ""}}],
          "usage": {"input_tokens": 3, "output_tokens": 2}})");
  CHECK(reply.usage == usage{3, 2, 0});
  const auto groq = streamed(
      openai_chat(),
      std::string{hello_stream} +
          "data: {\"choices\": [], \"x_groq\": {\"usage\": {\"prompt_tokens\": "
          "3, \"completion_tokens\": 2}}}\n\n");
  CHECK(groq.first.usage == usage{3, 2, 0});
}

TEST_CASE("Ids and models that are no text are left out",
          "[server_variation]") {
  const auto reply = openai_chat().decode(
      R"({"id": {"a": 1}, "model": ["m"],
          "choices": [{"message": {"content": "Hello"}}]})");
  CHECK(reply.id.empty());
  CHECK(reply.model.empty());
}

// -- calls --------------------------------------------------------------------

TEST_CASE("Arguments that are sent twice, or after none, are read",
          "[server_variation]") {
  const std::string start =
      R"({"index": 0, "id": "a", "function": {"name": "weather", )";
  const std::vector<std::vector<std::string>> all = {
      {call_part(start + R"("arguments": "{}"}})"),
       call_part(R"({"index": 0, "function": {"arguments": "{\"city\":"}})"),
       call_part(R"({"index": 0, "function": {"arguments": "\"Oslo\"}"}})")},
      {call_part(start + R"("arguments": "{\"city\""}})"),
       call_part(start + R"("arguments": "{\"city\":\"Os"}})"),
       call_part(start + R"("arguments": "{\"city\":\"Oslo\"}"}})")},
      {call_part(start + R"("arguments": ""}})"),
       call_part(R"({"index": 0, "function": {"arguments": "{\"city\":"}})"),
       call_part(R"({"index": 0, "function": {"arguments": "\"Oslo\"}"}})"),
       call_part(start + R"("arguments": "{\"city\":\"Oslo\"}"}})")}};
  for (const auto& each : all)
    CHECK(stream_calls(each) == json::array({call_oslo}));
}

TEST_CASE("Calls that say nothing are left out", "[server_variation]") {
  const std::string good =
      R"({"index": 0, "id": "a", "function": {"name": "weather",
          "arguments": "{\"city\":\"Oslo\"}"}})";
  std::string line = good;
  line.erase(line.find('\n'), 1);
  for (const char* each :
       {R"({"index": 1, "id": "", "function": {"name": "", "arguments": ""}})",
        R"({"index": 1, "function": {}})"}) {
    CHECK(stream_calls({call_part(line), call_part(each)}) ==
          json::array({call_oslo}));
    CHECK(stream_calls({call_part(each), call_part(line)}) ==
          json::array({call_oslo}));
  }
}

TEST_CASE("Two whole calls of one id are two", "[server_variation]") {
  const auto call = [](const char* city) {
    return call_part(
        R"({"index": 0, "id": "x", "function": {"name": "weather",)"
        R"("arguments": "{\"city\":\")" +
        std::string{city} + R"(\"}"}})");
  };
  CHECK(stream_calls({call("Oslo"), call("Rome")}) ==
        json::array({call_oslo, call_rome}));
  CHECK(stream_calls({call("Oslo"), call("Oslo")}) == json::array({call_oslo}));
}

TEST_CASE("A call in the form of before is a call", "[server_variation]") {
  CHECK(stream_calls(
            {R"({"function_call": {"name": "weather", "arguments": ""}})",
             R"({"function_call": {"arguments": "{\"city\":"}})",
             R"({"function_call": {"arguments": "\"Oslo\"}"}})"}) ==
        json::array({call_oslo}));
  const auto reply = openai_chat().decode(
      R"({"choices": [{"finish_reason": "function_call", "message":
          {"content": null, "function_call": {"name": "weather",
           "arguments": "{\"city\":\"Oslo\"}"}}}]})");
  REQUIRE(reply.message.calls.size() == 1);
  CHECK(reply.message.calls.front().arguments == call_oslo.at(1));
  CHECK(reply.finish == finish_reason::tool_calls);
}

TEST_CASE("A call without the object around it is a call",
          "[server_variation]") {
  CHECK(stream_calls(
            {call_part(R"({"id": "a", "type": "function", "name": "weather",)"
                       R"("arguments": "{\"city\":\"Oslo\"}"})")}) ==
        json::array({call_oslo}));
}

TEST_CASE("Pieces of one call may each have an id of their own",
          "[server_variation]") {
  const auto piece = [](const char* id, const char* arguments) {
    return call_part(R"({"index": 0, "id": ")" + std::string{id} +
                     R"(", "function": {"name": "weather", "arguments": ")" +
                     arguments + R"("}})");
  };
  const json oslo = json::array({call_oslo});
  CHECK(stream_calls({piece("a", ""), piece("b", R"({\"city\":)"),
                      piece("c", R"(\"Oslo\"})")}) == oslo);
  CHECK(stream_calls({piece("a", R"({\"city\":)"), piece("b", R"(\"Oslo\"})"),
                      piece("c", "")}) == oslo);
  CHECK(stream_calls({piece("a", R"({\"ci)"), piece("b", R"({\"city\":\"O)"),
                      piece("c", R"({\"city\":\"Oslo\"})")}) == oslo);
  // Whole ones are of calls of their own.
  CHECK(stream_calls({piece("a", R"({\"city\":\"Oslo\"})"),
                      piece("b", R"({\"city\":\"Rome\"})")}) ==
        json::array({call_oslo, call_rome}));
  CHECK(stream_calls({piece("a", R"({\"city\":\"Oslo\"})"), piece("b", ""),
                      call_part(R"({"index": 0, "function": {"arguments":)"
                                R"("{\"city\":\"Rome\"}"}})")}) ==
        json::array({call_oslo, call_rome}));
}
