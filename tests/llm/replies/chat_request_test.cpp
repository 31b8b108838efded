// The requests to servers, in their formats.

#include "support/catch.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/chat_format.hpp>

#include <string>
#include <vector>

using namespace troupe::llm;
using troupe::asked_by;
using troupe::errc;
using troupe::error;
using troupe::http_request;
using troupe::json;

namespace {

const endpoint local{"http://localhost:1/v1/", "the key"};

const std::vector<const chat_format*>& formats() {
  static const std::vector<const chat_format*> all{
      &openai_chat(), &openai_responses(), &anthropic_messages()};
  return all;
}

json body_of(const chat_format& format, const chat_request& asked,
             bool stream = false) {
  return json::parse(format.encode(asked, local, stream).body);
}

chat_request conversation() {
  chat_request asked{std::vector<message>{
      message::system("Be brief."),
      message::user("What is 1 + 1?"),
      {.role = role::assistant, .calls = {{"c1", "add", {{"a", 1}, {"b", 1}}}}},
      message::tool("c1", "2"),
  }};
  asked.model = "m";
  asked.max_tokens = 50;
  asked.tools = {{"add", "Adds", {{"type", "object"}}}};
  return asked;
}

}  // namespace

TEST_CASE("A conversation is written as each format wants it",
          "[chat_request]") {
  const auto chat = body_of(openai_chat(), conversation(), true);
  CHECK(chat.at("messages").at(0) ==
        json{{"role", "system"}, {"content", "Be brief."}});
  CHECK(chat.at("messages").at(2).at("tool_calls").at(0).at("function") ==
        json{{"name", "add"}, {"arguments", "{\"a\":1,\"b\":1}"}});
  CHECK(chat.at("messages").at(3) ==
        json{{"role", "tool"}, {"tool_call_id", "c1"}, {"content", "2"}});
  CHECK(chat.at("stream_options") == json{{"include_usage", true}});

  const auto responses = body_of(openai_responses(), conversation());
  CHECK(responses.at("max_output_tokens") == 50);
  CHECK(responses.at("input").at(2) ==
        json{{"type", "function_call"},
             {"call_id", "c1"},
             {"name", "add"},
             {"arguments", "{\"a\":1,\"b\":1}"}});
  CHECK(responses.at("input").at(3) == json{{"type", "function_call_output"},
                                            {"call_id", "c1"},
                                            {"output", "2"}});

  const auto messages = body_of(anthropic_messages(), conversation());
  CHECK(messages.at("system") == "Be brief.");
  REQUIRE(messages.at("messages").size() == 3);
  CHECK(messages.at("messages").at(1).at("content").at(0) ==
        json{{"type", "tool_use"},
             {"id", "c1"},
             {"name", "add"},
             {"input", {{"a", 1}, {"b", 1}}}});
  CHECK(messages.at("messages").at(2).at("role") == "user");
}

TEST_CASE("Each format goes to its address with the key in its header",
          "[chat_request]") {
  const auto sent = [](const chat_format& format) {
    return format.encode(conversation(), local, false);
  };
  const auto has = [](const http_request& request, const char* name,
                      const char* value) {
    for (const auto& each : request.headers) {
      if (each.name == name && each.value == value) return true;
    }
    return false;
  };
  const auto chat = sent(openai_chat());
  CHECK(chat.url == "http://localhost:1/v1/chat/completions");
  CHECK(has(chat, "authorization", "Bearer the key"));
  CHECK(sent(openai_responses()).url == "http://localhost:1/v1/responses");
  const auto messages = sent(anthropic_messages());
  CHECK(messages.url == "http://localhost:1/v1/messages");
  CHECK(has(messages, "x-api-key", "the key"));
}

TEST_CASE("Further fields win, and null takes one away", "[chat_request]") {
  for (const auto* each : formats()) {
    auto asked = conversation();
    asked.temperature = 0.5;
    asked.extra = {{"temperature", 1}, {"model", nullptr}, {"top_k", 5}};
    const auto body = body_of(*each, asked);
    CHECK(body.at("temperature") == 1);
    CHECK(body.at("top_k") == 5);
    CHECK_FALSE(body.contains("model"));
  }
}

TEST_CASE("A server is held to a schema only in words that it knows",
          "[chat_request]") {
  const auto is_strict = [](const json& about_member) {
    auto asked = conversation();
    asked.reply_as = reply_schema{"reply",
                                  {{"type", "object"},
                                   {"properties", {{"a", about_member}}},
                                   {"required", {"a"}},
                                   {"additionalProperties", false}}};
    asked.tools = {{"use", "Uses it", asked.reply_as->schema}};
    const auto chat = body_of(openai_chat(), asked);
    const auto responses = body_of(openai_responses(), asked);
    CHECK(chat.at("response_format").at("json_schema").at("strict") ==
          responses.at("text").at("format").at("strict"));
    CHECK(responses.at("tools").at(0).at("strict") ==
          responses.at("text").at("format").at("strict"));
    return responses.at("text").at("format").at("strict").get<bool>();
  };
  CHECK(is_strict({{"type", "string"}, {"format", "email"}}));
  CHECK(is_strict({{"type", "integer"}, {"minimum", 0}}));
  CHECK(is_strict({{"anyOf", {{{"type", "string"}}, {{"type", "null"}}}}}));
  CHECK_FALSE(is_strict({{"type", "string"}, {"format", "uri"}}));
  CHECK_FALSE(is_strict({{"type", "string"}, {"minLength", 1}}));
  CHECK_FALSE(is_strict({{"allOf", {{{"type", "string"}}}}}));
  CHECK_FALSE(is_strict(
      {{"type", "array"}, {"items", {{"type", "string"}, {"not", false}}}}));
}

TEST_CASE("Anthropic is not told of bounds, which it refuses",
          "[chat_request]") {
  auto asked = conversation();
  asked.reply_as =
      reply_schema{"reply",
                   {{"type", "object"},
                    {"properties",
                     {{"minimum", {{"type", "integer"}, {"minimum", 0}}},
                      {"list",
                       {{"type", "array"},
                        {"maxItems", 3},
                        {"items", {{"type", "string"}, {"maxLength", 5}}}}}}}}};
  const auto body = body_of(anthropic_messages(), asked);
  CHECK(
      body.at("output_config").at("format").at("schema") ==
      json{{"type", "object"},
           {"properties",
            {{"minimum", {{"type", "integer"}}},
             {"list", {{"type", "array"}, {"items", {{"type", "string"}}}}}}}});
}

TEST_CASE("That a tool failed reaches the model in all formats",
          "[chat_request]") {
  auto asked = conversation();
  asked.messages.back().is_error = true;
  CHECK(body_of(openai_chat(), asked).at("messages").at(3).at("content") ==
        "Error: 2");
  CHECK(body_of(openai_responses(), asked).at("input").at(3).at("output") ==
        "Error: 2");
  const auto messages = body_of(anthropic_messages(), asked).at("messages");
  CHECK(messages.at(2).at("content").at(0).at("is_error") == true);
}

TEST_CASE("What a format has no words for is refused for good",
          "[chat_request]") {
  const auto refusal = [](const chat_format& format, chat_request asked) {
    try {
      static_cast<void>(format.encode(asked, local, false));
    } catch (const error& why) {
      CHECK(why.code() == errc::bad_value);
      CHECK(why.is_permanent());
      return why.message();
    }
    return std::string{};
  };
  auto seeded = conversation();
  seeded.seed = 1;
  CHECK(refusal(openai_chat(), seeded).empty());
  CHECK(refusal(openai_responses(), seeded) ==
        "OpenAI's responses API has no seed: leave chat_request::seed empty");
  CHECK(refusal(anthropic_messages(), seeded) ==
        "Anthropic's messages API has no seed: leave chat_request::seed empty");
  auto chosen = conversation();
  chosen.tool_choice = "subtract";
  auto unnamed = conversation();
  unnamed.tools[0].name = "no spaces";
  auto empty = conversation();
  empty.messages.clear();
  auto pictured = conversation();
  pictured.messages.front().images = {{.url = "http://localhost/a.png"}};
  for (const auto* each : formats()) {
    CHECK(refusal(*each, chosen) ==
          "tool_choice 'subtract' must be auto, none, required or the name of "
          "a tool");
    CHECK(refusal(*each, unnamed) ==
          "the tool 'no spaces' must have 1 to 64 letters, digits, '_' and "
          "'-'");
    CHECK(refusal(*each, empty) == "the request has no messages");
    CHECK(refusal(*each, pictured) == "only user messages can have images");
  }
}

TEST_CASE("A query of the base URL stays behind the path", "[chat_request]") {
  const auto asked = [](const chat_format& format, const char* base) {
    return format.encode(conversation(), {base}, false).url;
  };
  // Azure: agentmemory#374
  CHECK(asked(openai_chat(), "https://h/openai/deployments/d?api-version=1") ==
        "https://h/openai/deployments/d/chat/completions?api-version=1");
  CHECK(asked(openai_responses(), "https://h/v1/?a=b/c#d") ==
        "https://h/v1/responses?a=b/c");
  CHECK(openai_chat().encode_models({"https://h/v1?a=b"}).url ==
        "https://h/v1/models?a=b");
}

TEST_CASE("A path that a base URL already has is not doubled",
          "[chat_request]") {
  const auto asked = [](const chat_format& format, const char* base) {
    return format.encode(conversation(), {base}, false).url;
  };
  // langchain#31325
  for (const char* base : {"https://h", "https://h/", "https://h/v1",
                           "https://h/v1/", "https://h/v1/messages"}) {
    CAPTURE(base);
    CHECK(asked(anthropic_messages(), base) == "https://h/v1/messages");
    CHECK(anthropic_messages().encode_models({base}).url ==
          "https://h/v1/models");
  }
  for (const char* base : {"https://h/v1", "https://h/v1/chat/completions",
                           "https://h/v1/chat/completions/"}) {
    CAPTURE(base);
    CHECK(asked(openai_chat(), base) == "https://h/v1/chat/completions");
    CHECK(openai_chat().encode_models({base}).url == "https://h/v1/models");
  }
  CHECK(asked(openai_responses(), "https://responses") ==
        "https://responses/responses");
}

TEST_CASE("Who was asked is told without what may be a secret",
          "[chat_request]") {
  const auto told = [](const char* url) {
    return asked_by(http_request{"POST", url});
  };
  CHECK(told("https://h:1/v1/x") == "POST https://h:1/v1/x");
  CHECK(told("https://me:secret@h/x?key=secret#secret") == "POST https://h/x");
  CHECK(told("https://a:b@c:d@h/x@y") == "POST https://h/x@y");
  CHECK(told("secret@h/x") == "POST h/x");
}
