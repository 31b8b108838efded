// The members that servers put into messages go back to them as they came.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"

#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/history.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using troupe::json;

namespace {

/// Returns the content that `format` sends for `said`, after it was in the
/// state.
json given_back(const chat_format& format, const message& said,
                json extra = json::object()) {
  const auto kept = json::parse(json(said).dump()).get<message>();
  CHECK(kept == said);
  chat_request asked{std::vector<message>{message::user("Hi"), kept}};
  asked.model = "m";
  asked.extra = std::move(extra);
  const auto form = json::parse(format.encode(asked, {"http://h"}, false).body);
  if (!form.contains("input")) return form.at("messages").at(1);
  auto items = form.at("input");
  items.erase(0);
  return items;
}

json chat_reply_with(json said) {
  said["role"] = "assistant";
  const json choice{{"index", 0}, {"message", std::move(said)}};
  return {{"choices", json::array({choice})}};
}

const json thinking{
    {"type", "thinking"}, {"thinking", "hm"}, {"signature", "SIG"}};
const json use{{"type", "tool_use"},
               {"id", "t1"},
               {"name", "weather"},
               {"input", {{"city", "Oslo"}}}};

message with_thinking() {
  const json text{
      {"type", "text"}, {"text", "I look."}, {"citations", nullptr}};
  const json found{{"type", "web_search_tool_result"},
                   {"tool_use_id", "s1"},
                   {"content", json::array()}};
  const json body{{"content", {thinking, text, found, use}},
                  {"stop_reason", "tool_use"}};
  return anthropic_messages().decode(body.dump()).message;
}

const json reasoning{{"type", "reasoning"},
                     {"id", "rs_1"},
                     {"summary", json::array()},
                     {"encrypted_content", "ENC"}};

message with_reasoning(const json& thought = reasoning) {
  const json call{{"type", "function_call"}, {"id", "fc_1"},
                  {"call_id", "c1"},         {"name", "weather"},
                  {"arguments", "{}"},       {"status", "completed"}};
  const json body{{"status", "completed"},
                  {"output", json::array({thought, call})}};
  return openai_responses().decode(body.dump()).message;
}

}  // namespace

TEST_CASE("The signature in a call goes back with it", "[kept_content]") {
  // Gemini: securo#884
  const json extra{{"google", {{"thought_signature", "SIG"}}}};
  const json call{{"id", "f1"},
                  {"index", 0},
                  {"type", "function"},
                  {"function", {{"name", "weather"}, {"arguments", "{}"}}},
                  {"extra_content", extra}};
  const auto whole =
      openai_chat()
          .decode(chat_reply_with({{"tool_calls", json::array({call})}}).dump())
          .message;
  const auto back = given_back(openai_chat(), whole).at("tool_calls").at(0);
  auto expected = call;
  expected.erase("index");
  CHECK(back == expected);
  const auto piece = json{
      {"delta", {{"tool_calls", json::array({call})}}},
      {"finish_reason",
       "tool_calls"}}.dump();
  const auto parts =
      streamed(openai_chat(), chat_stream_of({piece.c_str()})).first.message;
  CHECK(parts == whole);
}

TEST_CASE("What a model thought goes back with its message", "[kept_content]") {
  // DeepSeek: pi#3636
  const json details = json::array(
      {{{"type", "reasoning.text"}, {"index", 0}, {"text", "I need it"}}});
  const auto whole =
      openai_chat()
          .decode(chat_reply_with({{"content", "So"},
                                   {"reasoning_content", "I need it"},
                                   {"reasoning_details", details},
                                   {"refusal", nullptr},
                                   {"audio", nullptr},
                                   {"function_call", nullptr},
                                   {"annotations", json::array()}})
                      .dump())
          .message;
  CHECK(given_back(openai_chat(), whole) ==
        json{{"role", "assistant"},
             {"content", "So"},
             {"reasoning_content", "I need it"},
             {"reasoning_details", details}});
  const auto parts =
      streamed(openai_chat(),
               chat_stream_of(
                   {R"({"delta": {"role": "assistant", "content": null,
                        "reasoning_content": "I need",
                        "reasoning_details": [{"type": "reasoning.text",
                          "index": 0, "text": "I need"}]}})",
                    R"({"delta": {"reasoning_content": " it",
                        "reasoning_details": [{"type": "reasoning.text",
                          "index": 0, "text": " it"}]}})",
                    R"({"delta": {"content": "So", "reasoning_content": null},
                        "finish_reason": "stop"})"}))
          .first.message;
  CHECK(parts == whole);
}

TEST_CASE("Blocks go back in the order in which they came", "[kept_content]") {
  // Claude: llama_index#18834
  const auto said = with_thinking();
  CHECK(said.text == "I look.");
  const auto content = given_back(anthropic_messages(), said).at("content");
  REQUIRE(content.size() == 4);
  CHECK(content.at(0) == thinking);
  CHECK(content.at(1) == json{{"type", "text"}, {"text", "I look."}});
  CHECK(content.at(2).at("type") == "web_search_tool_result");
  CHECK(content.at(3) == use);
}

TEST_CASE("A streamed message is kept as a whole one is", "[kept_content]") {
  const auto stream =
      "data: {\"type\": \"content_block_start\", \"index\": 0, "
      "\"content_block\": {\"type\": \"thinking\", \"thinking\": \"\", "
      "\"signature\": \"\"}}\n\n"
      "data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": "
      "{\"type\": \"thinking_delta\", \"thinking\": \"h\"}}\n\n"
      "data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": "
      "{\"type\": \"thinking_delta\", \"thinking\": \"m\"}}\n\n"
      "data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": "
      "{\"type\": \"signature_delta\", \"signature\": \"SIG\"}}\n\n"
      "data: {\"type\": \"content_block_start\", \"index\": 1, "
      "\"content_block\": {\"type\": \"tool_use\", \"id\": \"t1\", "
      "\"name\": \"weather\", \"input\": {}}}\n\n"
      "data: {\"type\": \"content_block_delta\", \"index\": 1, \"delta\": "
      "{\"type\": \"input_json_delta\", \"partial_json\": "
      "\"{\\\"city\\\":\\\"Oslo\\\"}\"}}\n\n"
      "data: {\"type\": \"message_delta\", \"delta\": "
      "{\"stop_reason\": \"tool_use\"}}\n\n";
  const auto parts = streamed(anthropic_messages(), stream).first.message;
  const json body{{"content", {thinking, use}}, {"stop_reason", "tool_use"}};
  CHECK(parts == anthropic_messages().decode(body.dump()).message);
}

TEST_CASE("What a user changes in a message wins over what is kept",
          "[kept_content]") {
  auto said = with_thinking();
  said.text = "I have looked.";
  said.calls.front().arguments = {{"city", "Rome"}};
  said.calls.push_back({"t2", "now"});
  auto content = given_back(anthropic_messages(), said).at("content");
  REQUIRE(content.size() == 5);
  CHECK(content.at(0) == thinking);
  CHECK(content.at(1).at("text") == "I have looked.");
  CHECK(content.at(3).at("input") == json{{"city", "Rome"}});
  CHECK(content.at(4).at("id") == "t2");
  said.text.clear();
  said.calls.clear();
  content = given_back(anthropic_messages(), said).at("content");
  REQUIRE(content.size() == 2);
  CHECK(content.at(0) == thinking);
  CHECK(content.at(1).at("type") == "web_search_tool_result");
}

TEST_CASE("Items of a response go back before their calls", "[kept_content]") {
  const auto items = given_back(openai_responses(), with_reasoning());
  REQUIRE(items.size() == 2);
  CHECK(items.at(0) == reasoning);
  CHECK(items.at(1) == json{{"type", "function_call"},
                            {"call_id", "c1"},
                            {"name", "weather"},
                            {"arguments", "{}"}});
}

TEST_CASE("Reasoning that only its server has goes back where it is stored",
          "[kept_content]") {
  // vercel/ai#7543
  json bare = reasoning;
  bare["encrypted_content"] = nullptr;
  const auto said = with_reasoning(bare);
  CHECK(given_back(openai_responses(), said).size() == 1);
  CHECK(given_back(openai_responses(), said, {{"store", true}}).size() == 2);
}

TEST_CASE("What came from one format does not go to another",
          "[kept_content]") {
  const std::string text = given_back(openai_chat(), with_thinking()).dump();
  CHECK(text.find("SIG") == text.npos);
  const auto content =
      given_back(anthropic_messages(), with_reasoning()).at("content");
  CHECK(content.size() == 1);
}

TEST_CASE("A plain message keeps nothing", "[kept_content]") {
  const json text{{"type", "text"}, {"text", "Hi"}};
  const json body{{"content", json::array({text, use})}};
  const auto said = anthropic_messages().decode(body.dump()).message;
  CHECK(said.opaque.empty());
  CHECK_FALSE(json(said).contains("opaque"));
  const json old{{"role", "assistant"}, {"text", "Hi"}};
  CHECK(old.get<message>().opaque.empty());
}

TEST_CASE("What is kept counts as tokens", "[kept_content]") {
  auto said = message::assistant("Hi");
  const auto before = token_estimate(std::vector{said});
  said.opaque = {"openai_chat", {{"reasoning_content", std::string(400, 'x')}}};
  CHECK(token_estimate(std::vector{said}) >= before + 100);
}
