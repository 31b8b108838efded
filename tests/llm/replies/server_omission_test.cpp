// Members that servers of Anthropic's kind and of OpenAI's responses leave
// out, and what is made of the rest.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"

#include <troupe/llm/chat_format.hpp>

#include <string>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using troupe::json;

namespace {

std::string messages_text(const std::vector<std::string>& events) {
  std::string stream;
  for (const auto& each : events) stream += "data: " + each + "\n\n";
  stream +=
      "data: {\"type\": \"message_delta\", \"delta\": {\"stop_reason\": "
      "\"end_turn\"}}\n\ndata: {\"type\": \"message_stop\"}\n\n";
  return streamed(anthropic_messages(), stream).first.text();
}

chat_reply response_of(const std::vector<std::string>& events) {
  std::string stream;
  for (const auto& each : events) stream += "data: " + each + "\n\n";
  return streamed(openai_responses(), stream).first;
}

const std::string text_delta =
    R"({"type": "response.output_text.delta", "output_index": 0, )"
    R"("delta": "Hello"})";

std::string last_event(const std::string& output) {
  return R"({"type": "response.completed", "response": )"
         R"({"status": "completed", "output": )" +
         output + "}}";
}

}  // namespace

TEST_CASE("Messages that leave things out are read", "[server_omission]") {
  const std::string begin =
      R"({"type": "content_block_start", "index": 0, "content_block": )";
  const std::string more =
      R"({"type": "content_block_delta", "index": 0, "delta": )";
  CHECK(messages_text({R"({"type": "message_start"})",
                       begin + R"({"type": "text", "text": ""}})",
                       more + R"({"text": "Hello"}})"}) == "Hello");
  CHECK(messages_text({begin + "null}", more + R"({"type": "text_delta", )"
                                               R"("text": "Hello"}})"}) ==
        "Hello");
  CHECK(messages_text({R"({"type": "message_start", "message": {"content": )"
                       R"([{"type": "text", "text": "Hello"}]}})"}) == "Hello");
  for (const char* each :
       {R"([{"text": "Hello"}])",
        R"([{"type": "text", "text": null}, {"text": "Hello"}])"}) {
    CHECK(anthropic_messages()
              .decode(R"({"stop_reason": "end_turn", "content": )" +
                      std::string{each} + "}")
              .text() == "Hello");
  }
  CHECK(anthropic_messages()
            .decode(R"({"stop_reason": "end_turn", "content": null})")
            .text()
            .empty());
}

TEST_CASE("What was streamed counts where the last event says less",
          "[server_omission]") {
  for (const char* each :
       {"[]", "null", R"([{"type": "message", "content": []}])",
        R"([{"type": "message", "content": )"
        R"([{"type": "output_text", "text": ""}]}])"}) {
    CAPTURE(each);
    CHECK(response_of({text_delta, last_event(each)}).text() == "Hello");
  }
  CHECK(response_of({text_delta, R"({"type": "response.completed"})"}).text() ==
        "Hello");
  CHECK(response_of({R"({"type": "response.content_part.done", )"
                     R"("output_index": 0, "part": {"type": "output_text",)"
                     R"("text": "Hello"}})",
                     last_event("[]")})
            .text() == "Hello");
}

TEST_CASE("Items of one index are several", "[server_omission]") {
  const auto item = [](const char* id, const char* city) {
    return R"({"type": "response.output_item.done", "output_index": 0, )"
           R"("item": {"type": "function_call", "id": ")" +
           std::string{id} + R"(", "call_id": ")" + id +
           R"(", "name": "weather", "arguments": "{\"city\":\")" + city +
           R"(\"}"}})";
  };
  const auto reply =
      response_of({item("a", "Oslo"), item("b", "Rome"), last_event("[]")});
  REQUIRE(reply.message.calls.size() == 2);
  CHECK(reply.message.calls[0].arguments == json({{"city", "Oslo"}}));
  CHECK(reply.message.calls[1].arguments == json({{"city", "Rome"}}));
}

TEST_CASE("Responses that leave things out are read", "[server_omission]") {
  for (const char* each :
       {R"({"output": [], "output_text": "Hello"})",
        R"({"output": [null, {"content": [{"text": "Hello"}]}]})"}) {
    CAPTURE(each);
    CHECK(openai_responses().decode(each).text() == "Hello");
  }
}

TEST_CASE("Lists of models have several names", "[server_omission]") {
  CHECK(decode_models(R"({"result": [{"id": "a"}], "success": true})") ==
        std::vector<std::string>{"a"});
  CHECK(decode_models(R"({"items": [{"name": "a"}]})") ==
        std::vector<std::string>{"a"});
}
