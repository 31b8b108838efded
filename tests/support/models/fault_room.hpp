#pragma once

#include "support/catch.hpp"
#include "support/models/model_room.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// Asks a model in runs of their own.
///
/// Thread safety: confined to one thread.
struct fault_room : model_room {
  using model_room::model_room;

  troupe::run start(troupe::llm::client_options how,
                    troupe::node_options node = {}) {
    // With connections of its own: a kept one that breaks at once is replaced,
    // unseen.
    const troupe::llm::client fresh{system, std::move(how)};
    const auto work =
        [model = fresh](troupe::context& ctx) -> troupe::task<troupe::json> {
      troupe::llm::chat_request asked{"Say something. At some length."};
      asked.max_tokens = 100;
      auto asking = model.chat(ctx, std::move(asked));
      const auto reply = co_await asking;
      co_return reply.text();
    };
    return system.start(one_node(asks{work}, std::move(node)));
  }
  /// The text of the reply. Throws the error of the run.
  std::string text(troupe::llm::client_options how,
                   troupe::node_options node = {}) {
    const auto ended = start(std::move(how), std::move(node)).get();
    if (!ended.ok()) throw troupe::error{*ended.failure};
    return ended.state.at("reply").to_json().get<std::string>();
  }
  troupe::error failure(troupe::llm::client_options how,
                        troupe::node_options node = {}) {
    const auto ended = start(std::move(how), std::move(node)).get();
    REQUIRE_FALSE(ended.ok());
    return *ended.failure;
  }
};

/// Returns the script of model_server.py, rule by rule.
inline troupe::json script(const std::vector<troupe::json>& rules) {
  return rules;
}
inline troupe::json rule(troupe::json reply) {
  return {{"reply", std::move(reply)}};
}
/// Applies so many times.
inline troupe::json rule(troupe::json reply, std::size_t times) {
  return {{"reply", std::move(reply)}, {"times", times}};
}

}  // namespace troupe_test
