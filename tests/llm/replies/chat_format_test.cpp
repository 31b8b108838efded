#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/chat_format.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace troupe::llm;
using troupe::errc;
using troupe::json;
using troupe::sse_parser;
using troupe_test::code_of;

namespace {

/// A format, a reply in it whole, and the same reply as a stream.
struct language {
  std::string name;
  const chat_format& format;
  json whole;
  std::string stream;
};

std::string lines_of(const std::vector<json>& events) {
  std::string stream;
  for (const auto& each : events) {
    if (each.contains("type")) {
      stream += "event: " + each.at("type").get<std::string>() + "\r\n";
    }
    stream += "data: " + each.dump() + "\n\n";
  }
  return stream;
}

json chunk(json delta, json reason = nullptr) {
  return {{"id", "r1"},
          {"model", "m"},
          {"choices", json::array({{{"index", 0},
                                    {"delta", std::move(delta)},
                                    {"finish_reason", std::move(reason)}}})}};
}

json piece(std::size_t index, json function, const char* id = nullptr) {
  json call{{"index", index}, {"function", std::move(function)}};
  if (id != nullptr) call["id"] = id;
  return {{"tool_calls", json::array({call})}};
}

language chat_language() {
  const json call{{"id", "c1"},
                  {"type", "function"},
                  {"function", {{"name", "add"}, {"arguments", "{\"a\":1}"}}}};
  const json other{{"id", "c2"},
                   {"type", "function"},
                   {"function", {{"name", "now"}, {"arguments", ""}}}};
  const json counted{{"prompt_tokens", 9},
                     {"completion_tokens", 4},
                     {"prompt_tokens_details", {{"cached_tokens", 3}}}};
  return {"chat completions",
          openai_chat(),
          {{"id", "r1"},
           {"model", "m"},
           {"usage", counted},
           {"choices", json::array({{{"finish_reason", "tool_calls"},
                                     {"message",
                                      {{"role", "assistant"},
                                       {"content", "Grüße, \xF0\x9F\x8C\x8D!"},
                                       {"tool_calls", {call, other}}}}}})}},
          ": hello\n\n" +
              lines_of({chunk({{"role", "assistant"}, {"content", ""}}),
                        chunk({{"content", "Grüße, "}}),
                        chunk({{"content", "\xF0\x9F\x8C\x8D!"}}),
                        chunk(piece(0, {{"name", "add"}}, "c1")),
                        chunk(piece(1, {{"name", "now"}}, "c2")),
                        chunk(piece(0, {{"arguments", "{\"a\""}})),
                        chunk(piece(0, {{"arguments", ":1}"}})),
                        chunk(json::object(), "tool_calls"),
                        {{"choices", json::array()}, {"usage", counted}}}) +
              "data: [DONE]\n\n"};
}

language responses_language() {
  const json said{
      {"type", "message"},
      {"content",
       {{{"type", "output_text"}, {"text", "Grüße, \xF0\x9F\x8C\x8D!"}}}}};
  const json call{{"type", "function_call"},
                  {"call_id", "c1"},
                  {"name", "add"},
                  {"arguments", "{\"a\":1}"}};
  const json other{{"type", "function_call"},
                   {"call_id", "c2"},
                   {"name", "now"},
                   {"arguments", "{}"}};
  const json whole{{"id", "r1"},
                   {"model", "m"},
                   {"status", "completed"},
                   {"output", {said, call, other}},
                   {"usage",
                    {{"input_tokens", 9},
                     {"output_tokens", 4},
                     {"input_tokens_details", {{"cached_tokens", 3}}}}}};
  return {
      "responses", openai_responses(), whole,
      lines_of({{{"type", "response.created"}},
                {{"type", "response.output_text.delta"}, {"delta", "Grüße, "}},
                {{"type", "response.output_text.delta"},
                 {"delta", "\xF0\x9F\x8C\x8D!"}},
                {{"type", "response.function_call_arguments.delta"},
                 {"delta", "{\"a\":1}"}},
                {{"type", "response.completed"}, {"response", whole}}})};
}

json block(std::size_t index, json content) {
  return {{"type", "content_block_start"},
          {"index", index},
          {"content_block", std::move(content)}};
}

json delta(std::size_t index, json content) {
  return {{"type", "content_block_delta"},
          {"index", index},
          {"delta", std::move(content)}};
}

language messages_language() {
  const json no_input = json::object();
  return {
      "messages",
      anthropic_messages(),
      {{"id", "r1"},
       {"model", "m"},
       {"stop_reason", "tool_use"},
       {"content",
        {{{"type", "text"}, {"text", "Grüße, \xF0\x9F\x8C\x8D!"}},
         {{"type", "tool_use"},
          {"id", "c1"},
          {"name", "add"},
          {"input", {{"a", 1}}}},
         {{"type", "tool_use"},
          {"id", "c2"},
          {"name", "now"},
          {"input", no_input}}}},
       {"usage",
        {{"input_tokens", 6},
         {"cache_read_input_tokens", 3},
         {"output_tokens", 4}}}},
      lines_of(
          {{{"type", "message_start"},
            {"message",
             {{"id", "r1"},
              {"model", "m"},
              {"usage",
               {{"input_tokens", 6}, {"cache_read_input_tokens", 3}}}}}},
           block(0, {{"type", "text"}, {"text", ""}}),
           {{"type", "ping"}},
           delta(0, {{"type", "text_delta"}, {"text", "Grüße, "}}),
           delta(0, {{"type", "text_delta"}, {"text", "\xF0\x9F\x8C\x8D!"}}),
           block(1, {{"type", "tool_use"}, {"id", "c1"}, {"name", "add"}}),
           delta(1, {{"type", "input_json_delta"}, {"partial_json", "{\"a\""}}),
           delta(1, {{"type", "input_json_delta"}, {"partial_json", ":1}"}}),
           block(2, {{"type", "tool_use"}, {"id", "c2"}, {"name", "now"}}),
           {{"type", "message_delta"},
            {"delta", {{"stop_reason", "tool_use"}}},
            {"usage", {{"output_tokens", 4}}}},
           {{"type", "message_stop"}}})};
}

const std::vector<language>& languages() {
  static const std::vector<language> all{chat_language(), responses_language(),
                                         messages_language()};
  return all;
}

/// Returns the result of a stream that comes in `parts`: the reply, and its
/// tokens.
std::pair<chat_reply, std::string> built(
    const chat_format& format, const std::vector<std::string_view>& parts) {
  sse_parser events;
  const auto builder = format.build();
  std::string tokens;
  for (const auto part : parts) {
    events.feed(part);
    while (const auto event = events.next()) tokens += builder->take(*event);
  }
  return {builder->finish(), tokens};
}

std::string text_of_failure(const chat_format& format, const json& body) {
  std::string text;
  CHECK(code_of([&] { static_cast<void>(format.decode(body.dump())); },
                &text) == errc::bad_reply);
  return text;
}

}  // namespace

TEST_CASE("A reply says the same in all formats", "[chat_format]") {
  for (const auto& each : languages()) {
    CAPTURE(each.name);
    const auto reply = each.format.decode(each.whole.dump());
    CHECK(reply.id == "r1");
    CHECK(reply.model == "m");
    CHECK(reply.text() == "Grüße, \xF0\x9F\x8C\x8D!");
    CHECK(reply.finish == finish_reason::tool_calls);
    CHECK(reply.usage == usage{9, 4, 3});
    CHECK(reply.message.calls ==
          std::vector<tool_call>{{"c1", "add", {{"a", 1}}}, {"c2", "now"}});
  }
}

TEST_CASE("However a streamed reply is split, it is the whole one",
          "[chat_format]") {
  for (const auto& each : languages()) {
    CAPTURE(each.name);
    const auto whole =
        json(each.format.decode(each.whole.dump())).at("message");
    CHECK(rc::check([&] {
      std::string_view rest{each.stream};
      std::vector<std::string_view> parts;
      while (!rest.empty()) {
        const auto size = *rc::gen::inRange<std::size_t>(1, 200);
        parts.push_back(rest.substr(0, size));
        rest.remove_prefix(std::min(size, rest.size()));
      }
      const auto [reply, tokens] = built(each.format, parts);
      RC_ASSERT(json(reply).at("message") == whole);
      RC_ASSERT(tokens == reply.text());
      RC_ASSERT(reply.usage == (usage{9, 4, 3}));
    }));
  }
}

TEST_CASE("A stream that ends early is no reply, and says what it has",
          "[chat_format]") {
  for (const auto& each : languages()) {
    CAPTURE(each.name);
    const auto text_end = each.stream.find("!");
    const std::string_view half{each.stream.data(),
                                each.stream.find("\n\n", text_end) + 2};
    std::string text;
    CHECK(code_of([&] { built(each.format, {half}); }, &text) ==
          errc::bad_reply);
    CHECK(text == "the reply is not complete: it has 14 bytes of text so far");
  }
}

TEST_CASE("An error about a reply names the part that is missing or wrong",
          "[chat_format]") {
  CHECK(
      text_of_failure(openai_chat(), {{"choices", json::array()}}) ==
      "invalid reply from the server: /choices has only 0 elements; the reply "
      "has 14 bytes and begins with '{\"choices\":[]}'");
  CHECK(text_of_failure(openai_chat(), json::array()) ==
        "invalid reply from the server: it must be an object, got an array; "
        "the reply has 2 "
        "bytes and begins with '[]'");
  json whole = chat_language().whole;
  whole["choices"][0]["message"]["tool_calls"][1]["function"]["name"] = 7;
  CHECK(
      text_of_failure(openai_chat(), whole) ==
      "invalid reply from the server: "
      "/choices/0/message/tool_calls/1/function/name must be a string, got 7");
  CHECK(text_of_failure(openai_responses(),
                        {{"output", {{{"type", "message"}}}}}) ==
        "invalid reply from the server: /output/0/content is missing");
  CHECK(text_of_failure(anthropic_messages(),
                        {{"content", {{{"type", "text"}}}}}) ==
        "invalid reply from the server: /content/0/text is missing");
}

TEST_CASE("A body that is no JSON is a bad reply", "[chat_format]") {
  for (const auto& each : languages()) {
    std::string text;
    CHECK(
        code_of(
            [&] { static_cast<void>(each.format.decode("<html>oops</html>")); },
            &text) == errc::bad_reply);
    CHECK(text ==
          "the reply is not JSON; it has 17 bytes and begins with "
          "'<html>oops</html>'");
  }
}

TEST_CASE("A call that came without an id is given one", "[chat_format]") {
  json whole = chat_language().whole;
  auto& calls = whole["choices"][0]["message"]["tool_calls"];
  calls[0].erase("id");
  calls[1]["id"] = "";
  const auto reply = openai_chat().decode(whole.dump());
  CHECK(reply.message.calls.at(0).id == "call_0");
  CHECK(reply.message.calls.at(1).id == "call_1");
}

TEST_CASE("Arguments that are no JSON are kept as the model wrote them",
          "[chat_format]") {
  json whole = chat_language().whole;
  whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] =
      "{a: 1";
  const auto reply = openai_chat().decode(whole.dump());
  CHECK(reply.message.calls.front().arguments == "{a: 1");
}

TEST_CASE("A model that stops for another reason says which", "[chat_format]") {
  const auto finish = [](const language& which, const char* place,
                         const char* reason) {
    json whole = which.whole;
    whole[json::json_pointer{place}] = reason;
    return which.format.decode(whole.dump()).finish;
  };
  const auto chat = chat_language();
  CHECK(finish(chat, "/choices/0/finish_reason", "length") ==
        finish_reason::length);
  CHECK(finish(chat, "/choices/0/finish_reason", "content_filter") ==
        finish_reason::refused);
  CHECK(finish(chat, "/choices/0/finish_reason", "boredom") ==
        finish_reason::other);
  // Some servers say so although there are calls.
  CHECK(finish(chat, "/choices/0/finish_reason", "stop") ==
        finish_reason::tool_calls);
  const auto messages = messages_language();
  CHECK(finish(messages, "/stop_reason", "max_tokens") ==
        finish_reason::length);
  CHECK(finish(messages, "/stop_reason", "refusal") == finish_reason::refused);
  json cut = responses_language().whole;
  cut["status"] = "incomplete";
  cut["incomplete_details"] = {{"reason", "max_output_tokens"}};
  CHECK(openai_responses().decode(cut.dump()).finish == finish_reason::length);
}
