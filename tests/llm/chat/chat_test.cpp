#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/chat.hpp>

#include <cstdint>
#include <string>

using namespace troupe::llm;
using troupe::errc;
using troupe::json;
using troupe_test::code_of;

TEST_CASE("A message survives the shared state", "[chat]") {
  const message full{
      .role = role::assistant,
      .text = "Look",
      .images = {{.url = "http://localhost/a.png"},
                 {.data = "AAAA", .media_type = "image/png"}},
      .calls = {{"c1", "add", {{"a", 1}}, {"openai_chat", {{"b", 2}}}},
                {"c2", "odd", "no object"}},
      .call_id = "c0",
      .is_error = true,
      .opaque = {"anthropic_messages", {1, 2}}};
  CHECK(json(full).get<message>() == full);
  const auto plain = message::user("Hello");
  CHECK(json(plain) == json{{"role", "user"}, {"text", "Hello"}});
  CHECK(json(plain).get<message>() == plain);
}

TEST_CASE("A reply survives the shared state", "[chat]") {
  chat_reply reply;
  reply.id = "r1";
  reply.model = "m";
  reply.message.text = "Hello";
  reply.finish = finish_reason::refused;
  reply.finish_text = "content_filter";
  reply.usage = {5, 7, 2};
  const auto again = json(reply).get<chat_reply>();
  CHECK(json(again) == json(reply));
  CHECK(again.finish == finish_reason::refused);
}

TEST_CASE("A message of nobody is refused by name", "[chat]") {
  std::string text;
  CHECK(code_of(
            [] {
              static_cast<void>(
                  json{{"role", "oracle"}, {"text", ""}}.get<message>());
            },
            &text) == errc::bad_value);
  CHECK(text == "unknown name 'oracle'");
}

TEST_CASE("Usage adds up", "[chat]") {
  usage sum{1, 2, 0};
  sum += {10, 20, 5};
  CHECK(sum == usage{11, 22, 5});
  sum += {~std::uint64_t{0}, 0, 0};
  CHECK(sum == usage{~std::uint64_t{0}, 22, 5});
}
