// Agents with answers of real servers: files of tests/data/servers.

#include "support/catch.hpp"
#include "support/models/case_room.hpp"

#include <string>

using namespace troupe_test;
using troupe::json;

namespace {

std::string answer_of(case_room& room) {
  const auto end = room.run();
  INFO(room.name << ": " << (end.failure ? end.failure->describe() : ""));
  REQUIRE_FALSE(end.failure);
  return end.reply.at("answer").get<std::string>();
}

}  // namespace

TEST_CASE("A turn that was put off goes on", "[server_cases]") {
  case_room room{"rt-anthropic-pause"};
  CHECK(answer_of(room) == "Rain");
  const auto said = room.asked(1).at("messages");
  REQUIRE(said.size() == 2);
  CHECK(said.at(1).at("role") == "assistant");
  CHECK(said.at(1).at("content").at(0).at("type") == "server_tool_use");
}

TEST_CASE("A call in the form of before is carried out", "[server_cases]") {
  case_room room{"tc-function-call"};
  CHECK(answer_of(room) == "Rain");
  const auto said = room.asked(1).at("messages");
  CHECK(said.at(1).at("tool_calls").at(0).at("function").at("name") ==
        "weather");
  CHECK(said.at(2).at("role") == "tool");
}
