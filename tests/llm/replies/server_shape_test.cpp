// Replies in shapes that the formats do not have: inside of something else,
// with something beside them, or with numbers for texts.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"
#include "support/has.hpp"

#include <troupe/llm/chat_format.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using troupe::errc;
using troupe::json;

namespace {

constexpr std::string_view said_events =
    R"(data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}

data: {"choices": [{"index": 0, "delta": {"content": "lo"}}]}

data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}

)";
constexpr std::string_view said_reply =
    R"({"choices": [{"index": 0, "message": {"content": "Hello"},
        "finish_reason": "stop"}]})";

std::string said_in_stream(std::string_view stream) {
  return streamed(openai_chat(), std::string{stream}).first.text();
}
std::string said_in(const std::string& body) {
  return openai_chat().decode(body).text();
}
std::string said_by_choice(const std::string& choice) {
  return said_in(R"({"choices": [)" + choice + "]}");
}
json called_with(const char* function) {
  const auto reply = openai_chat().decode(
      R"({"choices": [{"message": {"tool_calls": [{"id": "a", "function": )" +
      std::string{function} + "}]}}]}");
  return reply.message.calls.at(0).arguments;
}

}  // namespace

TEST_CASE("A reply may be inside of a list", "[server_shape]") {
  CHECK(openai_chat().decode("[" + std::string{said_reply} + "]").text() ==
        "Hello");
  std::string list;
  std::string_view rest = said_events;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    if (line.starts_with("data: ")) {
      list += (list.empty() ? "[" : "\n,\n") + std::string{line.substr(6)};
    }
    rest.remove_prefix(end + 1);
  }
  CHECK(openai_chat().decode(list + "\n]").text() == "Hello");
  std::string events{said_events};
  for (std::size_t at = 0; (at = events.find("data: ", at)) != events.npos;) {
    events.insert(at + 6, "[");
    events.insert(events.find('\n', at), "]");
    at += 6;
  }
  CHECK(said_in_stream(events) == "Hello");
  CHECK(anthropic_messages()
            .decode(R"([{"type": "message", "stop_reason": "end_turn",
                         "content": [{"type": "text", "text": "Hello"}]}])")
            .text() == "Hello");
  CHECK(openai_responses()
            .decode(R"([{"output": [{"type": "message", "content":
                         [{"type": "output_text", "text": "Hello"}]}]}])")
            .text() == "Hello");
}

TEST_CASE("A number is a text where one belongs", "[server_shape]") {
  CHECK(said_by_choice(R"({"message": {"content": 5}})") == "5");
  CHECK(said_by_choice(R"({"message": {"content": true}})") == "true");
  CHECK(said_by_choice(R"({"message": {"content": [{"text": 5}]}})") == "5");
  CHECK(said_in_stream(
            "data: {\"choices\": [{\"delta\": {\"content\": 5}}]}\n\ndata: "
            "{\"choices\": [{\"delta\": {\"content\": 7}, \"finish_reason\": "
            "\"stop\"}]}\n\n") == "57");
  CHECK(anthropic_messages()
            .decode(R"({"content": [{"type": "text", "text": 5}]})")
            .text() == "5");
  CHECK(openai_responses()
            .decode(R"({"output": [{"type": "message", "content":
                        [{"type": "output_text", "text": 5}]}]})")
            .text() == "5");
}

TEST_CASE("The only choice counts, whatever its index", "[server_shape]") {
  std::string stream{said_events};
  for (auto at = stream.find("\"index\": 0"); at != stream.npos;
       at = stream.find("\"index\": 0")) {
    stream[at + 9] = '1';
  }
  CHECK(said_in_stream(stream) == "Hello");
  CHECK(said_in_stream(stream + std::string{said_events}) == "Hello");
  CHECK(said_by_choice(R"({"index": 1, "message": {"content": "Hello"}})") ==
        "Hello");
}

TEST_CASE("A comma too many is passed over", "[server_shape]") {
  CHECK(said_by_choice(R"({"message": {"content": "Hello,]",},}, )") ==
        "Hello,]");
  CHECK(said_in_stream(
            "data: {\"choices\": [{\"delta\": {\"content\": \"Hello\",}, "
            "\"finish_reason\": \"stop\"},]}\n\n") == "Hello");
}

TEST_CASE("A reply may be wrapped", "[server_shape]") {
  const std::string reply{said_reply};
  CHECK(said_in(R"({"result": )" + reply + R"(, "success": true})") == "Hello");
  CHECK(said_in(R"({"code": 0, "data": )" + reply + "}") == "Hello");
  CHECK(said_in(json(reply).dump()) == "Hello");
  CHECK(said_in(R"({"choices": {"message": {"content": "Hello"}}})") ==
        "Hello");
  CHECK(said_by_choice(R"({"delta": {"content": "Hello"}})") == "Hello");
  CHECK(said_in_stream("data: {\"data\": {\"choices\": [{\"delta\": "
                       "{\"content\": \"Hello\"}, \"finish_reason\": "
                       "\"stop\"}]}}\n\n") == "Hello");
  CHECK(openai_responses()
            .decode(R"({"response": {"output": [{"type": "message",
                        "content": "Hello"}]}})")
            .text() == "Hello");
}

TEST_CASE("A piece of a stream may be its text alone", "[server_shape]") {
  CHECK(said_in_stream("data: {\"choices\": [{\"delta\": \"Hello\", "
                       "\"finish_reason\": \"stop\"}]}\n\n") == "Hello");
}

TEST_CASE("What was cached is counted under several names", "[server_shape]") {
  for (const char* each :
       {R"("prompt_cache_hit_tokens": 3)", R"("cached_tokens": 3)",
        R"("prompt_tokens_details": {"cached_tokens": 3})"}) {
    CAPTURE(each);
    const auto reply = openai_chat().decode(
        R"({"choices": [{"message": {"content": "Hello"}}], "usage":
            {"prompt_tokens": 5, "completion_tokens": 1, )" +
        std::string{each} + "}}");
    CHECK(reply.usage == usage{5, 1, 3});
  }
}

TEST_CASE("What comes behind a reply is passed over", "[server_shape]") {
  const std::string reply{said_reply};
  CHECK(said_in(reply + "{\"error\": 1}") == "Hello");
  CHECK(said_in(reply + std::string(2, '\0')) == "Hello");
  std::string line = reply;
  line.erase(line.find('\n'), 1);
  CHECK(said_in(line + "\ndata: [DONE]\n\n") == "Hello");
}

TEST_CASE("The name of a field may be there twice", "[server_shape]") {
  std::string events{said_events};
  for (std::size_t at = 0; (at = events.find("data: ", at)) != events.npos;
       at += 12) {
    events.insert(at, "data: ");
  }
  CHECK(said_in_stream(events + "data: data: [DONE]\n\n") == "Hello");
}

TEST_CASE("Words in a stream are told where no reply follows",
          "[server_shape]") {
  const std::string events{said_events};
  for (const char* each :
       {"data: .\n\n", "data: -\n\n", "data: OPENROUTER PROCESSING\n\n",
        "event: queue\ndata: {\"message\": \"3rd\"}\n\n"}) {
    CAPTURE(each);
    CHECK(said_in_stream(each + events) == "Hello");
  }
  for (const char* end : {"", done}) {
    const auto why =
        stream_failure("data: upstream connect error\n\n" + std::string{end});
    CHECK(why.code() == errc::bad_reply);
    CHECK(has(why.message(), "upstream connect error"));
  }
}

TEST_CASE("Arguments that are not quite JSON are read", "[server_shape]") {
  const json one{{"x", 1}};
  CHECK(called_with(R"({"name": "w", "arguments": "{\"x\":1,}"})") == one);
  CHECK(called_with(R"({"name": "w", "parameters": {"x": 1}})") == one);
  CHECK(called_with(R"({"name": "w", "arguments":
                        "```json\n{\"x\":1}\n```"})") == one);
  CHECK(called_with(R"({"name": "w", "arguments": "None"})") == json::object());
  CHECK(called_with(R"({"name": "w", "arguments": "x=1"})") == "x=1");
}
