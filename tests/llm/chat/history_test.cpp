#include "support/catch.hpp"

#include <troupe/llm/history.hpp>

#include <rapidcheck.h>

#include <cstddef>
#include <vector>

using troupe::llm::message;
using troupe::llm::parts_of;
using troupe::llm::role;
using troupe::llm::token_estimate;

namespace {

message calling() {
  auto made = message::assistant("");
  made.calls = {{"1", "add", {{"a", 1}}}, {"2", "add", {{"a", 2}}}};
  return made;
}

/// With a call, its two results, and an answer at the end.
std::vector<message> conversation() {
  return {message::system("be brief"),
          message::user("hello"),
          message::assistant("hi"),
          message::user("add"),
          calling(),
          message::tool("1", "one"),
          message::tool("2", "two"),
          message::assistant("done")};
}

}  // namespace

TEST_CASE("Tokens are estimated from bytes", "[history]") {
  CHECK(token_estimate({}) == 0);
  const std::vector<message> one{message::user("12345678")};
  CHECK(token_estimate(one) == 2);
  const std::vector<message> with_call{calling()};
  CHECK(token_estimate(with_call) == (2 * (3 + 7) + 3) / 4);
}

TEST_CASE("The messages of the system stay", "[history]") {
  const auto parts = parts_of(conversation(), 1);
  CHECK(parts.old == 1);
  CHECK(parts.recent == 7);
}

TEST_CASE("A call stays with its results", "[history]") {
  CHECK(parts_of(conversation(), 2).recent == 4);
  CHECK(parts_of(conversation(), 3).recent == 4);
  CHECK(parts_of(conversation(), 4).recent == 4);
  CHECK(parts_of(conversation(), 5).recent == 3);
}

TEST_CASE("A short conversation has nothing to fold", "[history]") {
  const auto parts = parts_of(conversation(), 100);
  CHECK(parts.old == parts.recent);
  CHECK(parts_of({}, 3).recent == 0);
}

TEST_CASE("What stays never begins with the result of a tool", "[history]") {
  CHECK(rc::check([] {
    const auto roles =
        *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    std::vector<message> messages;
    for (const int each : roles) {
      messages.push_back({.role = static_cast<role>(each)});
    }
    const auto kept = *rc::gen::inRange<std::size_t>(0, 10);
    const auto parts = parts_of(messages, kept);
    RC_ASSERT(parts.old <= parts.recent);
    RC_ASSERT(parts.recent <= messages.size());
    // Unless there is nothing else to begin with.
    if (parts.recent > parts.old && parts.recent < messages.size()) {
      RC_ASSERT(messages[parts.recent].role != role::tool);
    }
  }));
}

TEST_CASE("A transcript names who speaks and what is called", "[history]") {
  CHECK(troupe::llm::transcript(conversation()).substr(0, 45) ==
        "system: be brief\n\nuser: hello\n\nassistant: hi\n");
  const std::vector<message> one{calling()};
  CHECK(troupe::llm::transcript(one) ==
        "assistant: \n(calls add with {\"a\":1})\n(calls add with {\"a\":2})");
}
