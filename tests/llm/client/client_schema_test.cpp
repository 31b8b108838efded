// Replies that are to fit a schema, over real sockets.

#include "support/catch.hpp"
#include "support/models/each_api.hpp"
#include "support/models/model_room.hpp"

#include <cstdint>
#include <string>

using namespace troupe_test;
using troupe::json;
using troupe::llm::chat_request;

namespace {

json place_schema() {
  return {{"type", "object"},
          {"properties", {{"city", {{"type", "string"}}}}},
          {"required", {"city"}},
          {"additionalProperties", false}};
}

}  // namespace

TEST_CASE("A reply is asked for by a schema", "[client]") {
  model_room room;
  chat_request ask{"Where?"};
  ask.reply_as = troupe::llm::reply_schema{"place", place_schema()};
  const auto reply = room.chat(room.client(room.options(each_api())), ask);
  const auto text = reply.at("message").at("text").get<std::string>();
  CHECK(json::parse(text).at("city").is_string());
}

TEST_CASE("A reply that misses its schema is asked for again", "[client]") {
  model_room room{json::array({{{"when", {{"last", "cannot be used"}}},
                                {"reply", {{"json", {{"city", "Oslo"}}}}}},
                               {{"reply", {{"json", {{"town", "Oslo"}}}}}}})};
  chat_request ask{"Where?"};
  ask.reply_as = troupe::llm::reply_schema{"place", place_schema()};
  const auto reply = room.chat(room.client(room.options(each_api())), ask);
  const auto text = reply.at("message").at("text").get<std::string>();
  CHECK(json::parse(text) == json{{"city", "Oslo"}});
  const auto asked = room.log("requests", 2).at("requests");
  CHECK(has(asked.at(1).at("body").dump(), "town"));
}

TEST_CASE("A reply that misses its schema is returned after the last retry",
          "[client]") {
  model_room room{json::array({{{"reply", "Somewhere."}}})};
  auto how = room.options();
  const int retries = GENERATE(0, 2);
  how.schema_retries = static_cast<std::uint32_t>(retries);
  chat_request ask{"Where?"};
  ask.reply_as = troupe::llm::reply_schema{"place", place_schema()};
  const auto reply = room.chat(room.client(how), ask);
  CHECK(reply.at("message").at("text") == "Somewhere.");
  CHECK(room.count("requests") == 1 + retries);
}
