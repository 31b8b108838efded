// What servers answer that is not as the formats have it: the cases come from
// public reports, which are named.

#include "reply_reader.hpp"
#include "support/catch.hpp"

#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/embedding.hpp>
#include <troupe/llm/http_message.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using namespace std::chrono_literals;
using troupe::errc;
using troupe::error;
using troupe::json;

namespace {

const std::array<const chat_format*, 3> formats{
    &openai_chat(), &openai_responses(), &anthropic_messages()};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

error whole_failure(std::string_view body,
                    const chat_format& format = openai_chat()) {
  return failure_of([&] { return format.decode(body); });
}

error stream_failure(std::string_view stream,
                     const chat_format& format = openai_chat()) {
  return failure_of([&] { return streamed(format, stream); });
}

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

// -- errors with a good status ------------------------------------------------

TEST_CASE("An error in a reply with a good status is one, in all formats",
          "[server_reply]") {
  const std::vector<std::string> bodies = {
      R"({"error": {"message": "so it is", "code": 429}})",
      R"({"error": {"message": "so it is", "code": "429"}})",
      R"({"error": {"message": "so it is", "status": 429}})",
      R"({"error": {"message": "so it is", "status": "RESOURCE_EXHAUSTED"}})",
      R"({"error": {"message": "so it is", "type": "RateLimitError"}})",
      R"({"error": {"message": "so it is"}, "status_code": 429})",
      R"({"error": "so it is", "code": 429})",
      R"({"error": [{"message": "so it is", "code": 429}]})",
      R"([{"error": {"message": "so it is", "code": 429}}])",
      R"({"errors": [{"message": "so it is", "code": 429}], "result": null})",
      R"({"type": "error", "error": {"type": "rate_limit_error",
          "message": "so it is"}})",
      R"({"object": "error", "message": "so it is", "code": 429})",
      R"({"code": 429, "message": "so it is", "data": null})",
      R"({"choices": null, "error": {"message": "so it is", "code": 429}})",
      R"({"choices": [{"error": {"message": "so it is", "code": 429},
          "finish_reason": "error"}]})"};
  for (const auto& each : bodies) {
    for (const auto* format : formats) {
      CAPTURE(each);
      const auto whole = whole_failure(each, *format);
      CHECK(whole.code() == errc::rate_limited);
      CHECK(has(whole.message(), "so it is"));
      std::string line = each;
      line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
      const auto part = stream_failure("data: " + line + "\n\n", *format);
      CHECK(part.code() == errc::rate_limited);
      CHECK(has(part.message(), "so it is"));
    }
  }
}

TEST_CASE("The status inside of a reply says whether to try again",
          "[server_reply]") {
  const auto of = [](const char* code) {
    return whole_failure(R"({"error": {"message": "no", "code": )" +
                         std::string{code} + "}}");
  };
  CHECK(of("400").is_permanent());
  CHECK(of("401").is_permanent());
  CHECK(of("401").code() == errc::unauthorized);
  CHECK(of("\"invalid_api_key\"").code() == errc::unauthorized);
  CHECK_FALSE(of("502").is_permanent());
  CHECK_FALSE(of("1234").is_permanent());
  CHECK_FALSE(of("null").is_permanent());
}

TEST_CASE("An event of the type error is one, whatever it has",
          "[server_reply]") {
  // ai_clients_dart#88
  for (const auto* format : formats) {
    CHECK(
        has(stream_failure("event: error\ndata: Too many requests\n\n", *format)
                .message(),
            "Too many requests"));
    CHECK(has(stream_failure("event: error\n"
                             "data: {\"code\":\"server_error\","
                             "\"message\":\"gone\"}\n\n",
                             *format)
                  .message(),
              "gone"));
  }
}

TEST_CASE("An error in a field of its own is one", "[server_reply]") {
  // llama.cpp#16104
  const std::string stream =
      "error: {\"code\":400,\"message\":\"the context is too small\"}\n\n";
  for (const auto* format : formats) {
    const auto why = stream_failure(stream + done, *format);
    CHECK(why.is_permanent());
    CHECK(has(why.message(), "the context is too small"));
  }
}

TEST_CASE("A model that ends with an error can be asked again",
          "[server_reply]") {
  // houston#1211
  const auto why = stream_failure(
      chat_stream_of({R"({"index": 0, "delta": {"content": "He"}})",
                      R"({"index": 0, "delta": {},
                          "finish_reason": "error"})"}) +
      done);
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("What the server behind a gateway said is told", "[server_reply]") {
  // open-webui/computer#293
  CHECK(has(whole_failure(R"({"error": {"message": "Provider returned error",
                              "code": 429, "metadata": {"raw": "in an hour"}}})")
                .message(),
            "Provider returned error: in an hour"));
}

TEST_CASE("A member that says nothing is no error", "[server_reply]") {
  for (const char* each : {"null", "\"\"", "{}", "[]", "false", "0"}) {
    CAPTURE(each);
    const auto reply = openai_chat().decode(
        R"({"choices": [{"message": {"content": "Hi"}}], "error": )" +
        std::string{each} + "}");
    CHECK(reply.text() == "Hi");
  }
}

TEST_CASE("What is no reply shows its first bytes", "[server_reply]") {
  for (const auto* format : formats) {
    CHECK(has(whole_failure("<html>\x1b[31mBad</html>", *format).message(),
              "<html>\xEF\xBF\xBD[31mBad</html>"));
    const auto why = whole_failure(R"({"detail": "Not Found"})", *format);
    CHECK(why.code() == errc::bad_reply);
    CHECK(has(why.message(), "Not Found"));
    CHECK(whole_failure(std::string(100'000, 'x'), *format).message().size() <
          700);
  }
}

TEST_CASE("JSON that nests too deep is refused", "[server_reply]") {
  const auto deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const auto* format : formats) {
    CHECK(whole_failure(deep, *format).code() == errc::bad_reply);
    CHECK(stream_failure("data: " + deep + "\n\n", *format).code() ==
          errc::bad_reply);
  }
}

TEST_CASE("Arguments that nest too deep are kept as text", "[server_reply]") {
  const auto deep = std::string(1'000, '[') + std::string(1'000, ']');
  const json call{{"id", "a"},
                  {"function", {{"name", "add"}, {"arguments", deep}}}};
  const json said{{"message", {{"tool_calls", json::array({call})}}}};
  const json body{{"choices", json::array({said})}};
  CHECK(openai_chat().decode(body.dump()).message.calls.at(0).arguments ==
        deep);
}

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
  CHECK(anthropic_messages()
            .decode(R"({"content": [], "usage": {"input_tokens": -1,
                        "output_tokens": [], "cache_read_input_tokens": 1e99}})")
            .usage == usage{});
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

TEST_CASE("A response that failed says why", "[server_reply]") {
  const auto why = stream_failure(
      "data: {\"type\": \"response.failed\", \"response\": "
      "{\"status\": \"failed\", \"error\": {\"code\": "
      "\"rate_limit_exceeded\", \"message\": \"slow\"}}}\n\n",
      openai_responses());
  CHECK(why.code() == errc::rate_limited);
  CHECK(has(why.message(), "slow"));
  CHECK(stream_failure("data: {\"type\": \"response.failed\", \"response\": "
                       "{\"status\": \"failed\", \"error\": null}}\n\n",
                       openai_responses())
            .code() == errc::request_failed);
}

// -- lists of models ----------------------------------------------------------

TEST_CASE("Lists of models are read in the forms there are", "[server_reply]") {
  const std::vector<std::string> both{"a", "b"};
  CHECK(decode_models(R"({"data": [{"id": "a"}, {"id": "b"}]})") == both);
  CHECK(decode_models(R"([{"id": "a"}, {"id": "b"}])") == both);
  CHECK(decode_models(R"({"models": [{"name": "a"}, {"model": "b"}]})") ==
        both);
  CHECK(decode_models(R"({"data": ["a", {}, "b"]})") == both);
  CHECK(decode_models(R"({"object": "list", "data": null})").empty());
  CHECK(failure_of([] {
          return decode_models(R"({"error": {"code": 401,
                                                 "message": "bad key"}})");
        }).code() == errc::unauthorized);
  CHECK(failure_of([] { return decode_models("{\"a\": 1}"); }).code() ==
        errc::bad_reply);
}

TEST_CASE("A list of models in parts says how to go on", "[server_reply]") {
  const auto page = decode_model_page(
      R"({"data": [{"id": "a"}], "has_more": true, "last_id": "a/1"})");
  CHECK(page.names == std::vector<std::string>{"a"});
  CHECK(page.next == "a/1");
  CHECK(anthropic_messages().encode_models({"http://h"}, page.next).url ==
        "http://h/v1/models?after_id=a%2F1");
  CHECK(
      decode_model_page(R"({"data": [{"id": "a"}], "has_more": true})").next ==
      "a");
  CHECK(decode_model_page(R"({"data": [{"id": "a"}], "has_more": false,
                              "last_id": "a"})")
            .next.empty());
}
