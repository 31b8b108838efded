// Answers of servers that are not as the formats have it: the cases come from
// public reports, which are named.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"

#include <troupe/llm/chat_format.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;

namespace {

/// A chunk with a piece of a call.
std::string piece(const char* call) {
  return R"({"index": 0, "delta": {"tool_calls": [)" + std::string{call} +
         "]}}";
}

std::vector<tool_call> calls_of(const std::vector<std::string>& pieces) {
  std::string stream;
  for (const auto& each : pieces) {
    stream += chat_stream_of({piece(each.c_str()).c_str()});
  }
  stream += chat_stream_of({R"({"delta": {}, "finish_reason": "stop"})"});
  return streamed(openai_chat(), stream).first.message.calls;
}

const tool_call oslo{"f1", "weather", {{"city", "Oslo"}}};
const tool_call rome{"f2", "weather", {{"city", "Rome"}}};

}  // namespace

// -- ends ---------------------------------------------------------------------

TEST_CASE("A finish reason and a clean end make a whole reply",
          "[server_reply]") {
  // ik_llama.cpp#467
  const auto [reply, tokens] =
      streamed(openai_chat(),
               chat_stream_of({R"({"index": 0, "delta": {"content": "Hello"}})",
                               R"({"index": 0, "delta": {},
                          "finish_reason": "stop"})"}) +
                   "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 3, "
                   "\"completion_tokens\": 2}}\n\n");
  CHECK(reply.text() == "Hello");
  CHECK(tokens == "Hello");
  CHECK(reply.usage == usage{3, 2, 0});
}

TEST_CASE("A stop reason and a clean end make a whole message",
          "[server_reply]") {
  const auto reply =
      streamed(anthropic_messages(),
               "event: content_block_delta\n"
               "data: {\"index\": 0, \"delta\": {\"type\": \"text_delta\", "
               "\"text\": \"Hello\"}}\n\n"
               "event: message_delta\n"
               "data: {\"delta\": {\"stop_reason\": \"end_turn\"}}\n\n")
          .first;
  CHECK(reply.text() == "Hello");
  CHECK(reply.finish == finish_reason::stop);
}

TEST_CASE("An end that has nothing before it is no reply", "[server_reply]") {
  // vllm#40986
  for (const auto* format : formats) {
    CHECK(stream_failure(done, *format).code() == errc::bad_reply);
    CHECK(stream_failure("", *format).code() == errc::bad_reply);
  }
  CHECK(stream_failure("data: {\"choices\": []}\n\n" + std::string{done})
            .code() == errc::bad_reply);
  CHECK(stream_failure("data: {\"type\": \"message_stop\"}\n\n",
                       anthropic_messages())
            .code() == errc::bad_reply);
}

TEST_CASE("Heartbeats are passed over", "[server_reply]") {
  // wave-agent#1326
  const auto stream =
      "data:\n\ndata: \n\nevent: ping\ndata: ok\n\n: wait\n\ndata: null\n\n" +
      chat_stream_of({R"({"delta": {"content": "Hi"},
                          "finish_reason": "stop"})"});
  CHECK(streamed(openai_chat(), stream).first.text() == "Hi");
}

TEST_CASE("A reply that is streamed though it was not to be is read",
          "[server_reply]") {
  const auto stream = chat_stream_of(
      {R"({"delta": {"content": "Hi"}, "finish_reason": "stop"})"});
  CHECK(openai_chat().decode(stream + done).text() == "Hi");
  CHECK(openai_chat().decode(stream).text() == "Hi");
}

// -- calls --------------------------------------------------------------------

TEST_CASE("A piece without a name belongs to the call before it",
          "[server_reply]") {
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": ""}})",
                  R"({"index": 1, "function": {"arguments": "{\"city\": "}})",
                  R"({"index": 2, "function": {"arguments": "\"Oslo\"}"}})"}) ==
        std::vector{oslo});
}

TEST_CASE("A new id begins a call, though the index is the same",
          "[server_reply]") {
  // ollama#15457
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": "{\"city\":\"Oslo\"}"}})",
                  R"({"index": 0, "id": "f2", "function": {"name": "weather",
                      "arguments": "{\"city\":"}})",
                  R"({"index": 0, "function": {
                      "arguments": "\"Rome\"}"}})"}) ==
        std::vector{oslo, rome});
}

TEST_CASE("A name that is repeated is not added again", "[server_reply]") {
  // hermes-agent#8259
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": ""}})",
                  R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": "{\"city\":"}})",
                  R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": "\"Oslo\"}"}})"}) == std::vector{oslo});
}

TEST_CASE("An id that changes with each piece begins no call",
          "[server_reply]") {
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "weather",
                      "arguments": "{\"city\":"}})",
                  R"({"index": 0, "id": "f9", "function": {"name": null,
                      "arguments": "\"Oslo\"}"}})"}) == std::vector{oslo});
}

TEST_CASE("A name in pieces is put together", "[server_reply]") {
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "wea"}})",
                  R"({"index": 0, "function": {"name": "ther"}})",
                  R"({"index": 0, "function": {
                      "arguments": "{\"city\":\"Oslo\"}"}})"}) ==
        std::vector{oslo});
}

TEST_CASE("A piece without an index goes to the last call", "[server_reply]") {
  // openai-python#2806
  CHECK(calls_of({R"({"id": "f1", "function": {"name": "weather",
                      "arguments": "{\"city\":"}})",
                  R"({"function": {"arguments": "\"Oslo\"}"}})"}) ==
        std::vector{oslo});
}

TEST_CASE("Calls without ids and indexes are told apart by their order",
          "[server_reply]") {
  const auto calls =
      calls_of({R"({"function": {"name": "weather",
                    "arguments": "{\"city\":\"Oslo\"}"}})",
                R"({"function": {"name": "weather",
                    "arguments": "{\"city\":\"Rome\"}"}})",
                R"({"function": {"name": "now", "arguments": "{}"}})"});
  REQUIRE(calls.size() == 3);
  CHECK(calls[0] == tool_call{"call_0", "weather", {{"city", "Oslo"}}});
  CHECK(calls[1] == tool_call{"call_1", "weather", {{"city", "Rome"}}});
  CHECK(calls[2] == tool_call{"call_2", "now"});
  CHECK(calls_of({R"({"function": {"name": "a"}}, {"function": {
                      "name": "b"}})"})
            .size() == 2);
}

TEST_CASE("Pieces of several calls may come in turns", "[server_reply]") {
  CHECK(calls_of({R"({"index": 0, "id": "f1", "function": {"name": "weather"}},
                      {"index": 1, "id": "f2", "function": {
                       "name": "weather"}})",
                  R"({"index": 1, "function": {"arguments": "{\"city\":"}},
                      {"index": 0, "function": {"arguments": "{\"city\":"}})",
                  R"({"index": 0, "function": {"arguments": "\"Oslo\"}"}},
                      {"index": 1, "function": {
                       "arguments": "\"Rome\"}"}})"}) ==
        std::vector{oslo, rome});
}

TEST_CASE("Ids that are numbers, and arguments that are objects, are read",
          "[server_reply]") {
  const auto whole = openai_chat().decode(
      R"({"choices": [{"message": {"tool_calls": [{"id": 0, "function": {
          "name": "weather", "arguments": {"city": "Oslo"}}}]}}]})");
  CHECK(whole.message.calls ==
        std::vector{tool_call{"0", "weather", {{"city", "Oslo"}}}});
  CHECK(calls_of({R"({"id": 0, "function": {"name": "weather",
                      "arguments": {"city": "Oslo"}}})"}) ==
        whole.message.calls);
  const auto response = openai_responses().decode(
      R"({"status": "completed", "output": [{"type": "function_call",
          "call_id": "c1", "name": "weather",
          "arguments": {"city": "Oslo"}}]})");
  CHECK(response.message.calls ==
        std::vector{tool_call{"c1", "weather", {{"city", "Oslo"}}}});
}

TEST_CASE("No arguments are an empty object, and go back as one",
          "[server_reply]") {
  // vllm#43851
  for (const char* each : {R"("null")", R"("")", "null", R"(" ")", "{}"}) {
    CAPTURE(each);
    const auto calls =
        calls_of({R"({"id": "a", "function": {"name": "now", "arguments": )" +
                  std::string{each} + "}}"});
    CHECK(calls == std::vector{tool_call{"a", "now"}});
  }
  for (const auto& each : {json(), json(""), json("null"), json::object()}) {
    chat_request asked{std::vector<message>{
        {.role = role::assistant, .calls = {{"a", "now", each}}},
        message::tool("a", "noon")}};
    asked.model = "m";
    const auto form =
        json::parse(openai_chat().encode(asked, {"http://h"}, false).body);
    CHECK(form.at("/messages/0/tool_calls/0/function/arguments"_json_pointer) ==
          "{}");
  }
}

// -- texts, choices and counts ------------------------------------------------

TEST_CASE("Text in parts is text", "[server_reply]") {
  // vercel/ai#8072
  const char* parts =
      R"([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
          {"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}])";
  const auto whole = openai_chat().decode(
      R"({"choices": [{"message": {"content": )" + std::string{parts} + "}}]}");
  CHECK(whole.text() == "Hello");
  const auto [reply, tokens] = streamed(
      openai_chat(),
      chat_stream_of(
          {R"({"delta": {"content": ""}})",
           R"({"delta": {"content": [{"type": "thinking", "thinking": [
               {"type": "text", "text": "H"}]}]}})",
           R"({"delta": {"content": [{"type": "thinking", "thinking": [
               {"type": "text", "text": "m"}]}]}})",
           R"({"delta": {"content": [{"type": "text", "text": "Hel"}]}})",
           R"({"delta": {"content": "lo"}, "finish_reason": "stop"})"}));
  CHECK(reply.text() == "Hello");
  CHECK(tokens == "Hello");
  CHECK(reply.message.opaque.content.at("content") ==
        json::parse(R"([{"type": "thinking", "thinking": [
                         {"type": "text", "text": "Hm"}]},
                        {"type": "text", "text": "Hello"}])"));
}

TEST_CASE("Only the first of several choices counts", "[server_reply]") {
  const auto reply =
      streamed(openai_chat(),
               chat_stream_of({R"({"index": 1, "delta": {"content": "Bon"}})",
                               R"({"index": 0, "delta": {"content": "Hel"}},
                                   {"index": 1, "delta": {}})",
                               R"({"index": 1, "delta": {"content": "jour"},
                                   "finish_reason": "length"})",
                               R"({"index": 0, "delta": {"content": "lo"},
                                   "finish_reason": "stop"})"}) +
                   done)
          .first;
  CHECK(reply.text() == "Hello");
  CHECK(reply.finish == finish_reason::stop);
  CHECK(openai_chat()
            .decode(R"({"choices": [
                {"index": 1, "message": {"content": "Bonjour"}},
                {"index": 0, "message": {"content": "Hello"}}]})")
            .text() == "Hello");
}

TEST_CASE("Counts never fail a reply", "[server_reply]") {
  for (const char* each :
       {"null", "[]", "\"many\"", "7", "{\"prompt_tokens\": -1}",
        "{\"prompt_tokens\": 1e30, \"prompt_tokens_details\": []}",
        "{\"prompt_tokens\": \"x\", \"completion_tokens\": null}"}) {
    CAPTURE(each);
    const auto reply = openai_chat().decode(
        R"({"choices": [{"message": {"content": "Hi"}}], "usage": )" +
        std::string{each} + "}");
    CHECK(reply.usage == usage{});
  }
  const auto reply = anthropic_messages().decode(
      R"({"content": [], "usage": {"input_tokens": -1, "output_tokens": [],
          "cache_read_input_tokens": 1e99}})");
  CHECK(reply.usage == usage{});
}

// -- Anthropic's blocks -------------------------------------------------------

namespace {

std::string block_stream(std::initializer_list<const char*> events) {
  std::string stream =
      "data: {\"type\": \"message_start\", \"message\": {\"id\": \"m\"}}\n\n";
  for (const char* each : events) {
    stream += "data: " + json::parse(each).dump() + "\n\n";
  }
  return stream +
         "data: {\"type\": \"message_delta\", \"delta\": {\"stop_reason\": "
         "\"end_turn\"}}\n\ndata: {\"type\": \"message_stop\"}\n\n";
}

}  // namespace

TEST_CASE("Blocks that are not known are passed over", "[server_reply]") {
  // langchainjs#9911
  const auto reply =
      streamed(
          anthropic_messages(),
          block_stream(
              {R"({"type": "content_block_start", "index": 0, "content_block":
                   {"type": "server_tool_use", "id": "s1", "name": "web_search",
                    "input": {}}})",
               R"({"type": "content_block_delta", "index": 0, "delta":
                   {"type": "input_json_delta", "partial_json": "{\"q\":1}"}})",
               R"({"type": "content_block_delta", "index": 9, "delta":
                   {"type": "input_json_delta", "partial_json": "{}"}})",
               R"({"type": "content_block_start", "index": 1, "content_block":
                   {"type": "text", "text": ""}})",
               R"({"type": "content_block_delta", "index": 1, "delta":
                   {"type": "text_delta", "text": "Hello"}})"}))
          .first;
  CHECK(reply.text() == "Hello");
  CHECK(reply.message.calls.empty());
  CHECK(reply.message.opaque.content.at(0).at("input") == json{{"q", 1}});
}

TEST_CASE("A block begins with what its start has", "[server_reply]") {
  const auto [reply, tokens] = streamed(
      anthropic_messages(),
      block_stream(
          {R"({"type": "content_block_start", "index": 0, "content_block":
               {"type": "text", "text": "Hel"}})",
           R"({"type": "content_block_delta", "index": 0, "delta":
               {"type": "text_delta", "text": "lo"}})",
           R"({"type": "content_block_start", "index": 1, "content_block":
               {"type": "tool_use", "id": "f1", "name": "weather",
                "input": {"city": "Oslo"}}})"}));
  CHECK(reply.text() == "Hello");
  CHECK(tokens == "Hello");
  CHECK(reply.message.calls == std::vector{oslo});
  CHECK(reply.finish == finish_reason::tool_calls);
}

// -- OpenAI's responses -------------------------------------------------------

TEST_CASE("Items count where the last event has none", "[server_reply]") {
  // open-webui#27800, plexus#644
  const std::string last =
      "data: {\"type\": \"response.completed\", \"response\": {\"id\": \"r\", "
      "\"status\": \"completed\", \"output\": []}}\n\n";
  const auto reply =
      streamed(openai_responses(),
               "data: {\"type\": \"response.output_item.done\", "
               "\"output_index\": 1, \"item\": {\"type\": \"function_call\", "
               "\"call_id\": \"f1\", \"name\": \"weather\", \"arguments\": "
               "\"{\\\"city\\\":\\\"Oslo\\\"}\"}}\n\n"
               "data: {\"type\": \"response.output_item.done\", "
               "\"output_index\": 0, \"item\": {\"type\": \"message\", "
               "\"content\": [{\"type\": \"output_text\", "
               "\"text\": \"Hello\"}]}}\n\n" +
                   last)
          .first;
  CHECK(reply.text() == "Hello");
  CHECK(reply.message.calls == std::vector{oslo});
  const auto [pieces, tokens] = streamed(
      openai_responses(),
      "event: response.output_text.delta\n"
      "data: {\"output_index\": 0, \"delta\": \"Hel\"}\n\n"
      "event: response.output_text.delta\n"
      "data: {\"output_index\": 0, \"delta\": \"lo\"}\n\n"
      "event: response.output_item.added\n"
      "data: {\"output_index\": 1, \"item\": {\"type\": \"function_call\", "
      "\"call_id\": \"f1\", \"name\": \"weather\", \"arguments\": \"\"}}\n\n"
      "event: response.function_call_arguments.delta\n"
      "data: {\"output_index\": 1, \"delta\": "
      "\"{\\\"city\\\":\\\"Oslo\\\"}\"}\n\n" +
          last);
  CHECK(pieces.text() == "Hello");
  CHECK(tokens == "Hello");
  CHECK(pieces.message.calls == std::vector{oslo});
  CHECK(stream_failure(last, openai_responses()).code() == errc::bad_reply);
}
