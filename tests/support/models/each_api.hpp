#pragma once

#include "support/catch.hpp"

#include <troupe/llm/client.hpp>

namespace troupe_test {

/// Every API that the client speaks: a test runs with each.
inline auto each_api() {
  return GENERATE(troupe::llm::api::openai_chat,
                  troupe::llm::api::openai_responses,
                  troupe::llm::api::anthropic_messages);
}

}  // namespace troupe_test
