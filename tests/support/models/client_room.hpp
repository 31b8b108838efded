#pragma once

#include "support/models/http_room.hpp"

#include <troupe/context.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/system.hpp>

#include <utility>

namespace troupe_test {

/// A node around a coroutine that takes the step's context: what `work` yields
/// is the run's state "reply".
template <class Work>
struct asks {
  explicit asks(Work given) : work(std::move(given)) {}

  troupe::task<troupe::json> exec(troupe::context& ctx) const {
    return work(ctx);
  }
  void post(troupe::state& shared, const troupe::json& reply) const {
    shared["reply"] = reply;
  }

  Work work;
};

/// Clients of model servers, and runs that use them.
struct client_room : http_room {
  [[nodiscard]] troupe::llm::client client(
      troupe::llm::client_options how) const {
    return {web, std::move(how)};
  }

  /// Returns the end of a run of `work`, which takes the step's context.
  template <class Work>
  troupe::outcome outcome_of(Work work, troupe::node_options how = {}) {
    return system.start(one_node(asks<Work>{std::move(work)}, std::move(how)))
        .get();
  }
  /// The JSON form of the reply. Throws the error of its run.
  troupe::json chat(const troupe::llm::client& model,
                    const troupe::llm::chat_request& ask,
                    troupe::node_options how = {}) {
    const auto ended = outcome_of(
        [&](troupe::context& ctx) { return chat_in(model, ask, ctx); },
        std::move(how));
    if (!ended.ok()) throw troupe::error{*ended.failure};
    return ended.state.at("reply").to_json();
  }
  troupe::error chat_failure(const troupe::llm::client& model,
                             const troupe::llm::chat_request& ask,
                             troupe::node_options how = {}) {
    const auto ended = outcome_of(
        [&](troupe::context& ctx) { return chat_in(model, ask, ctx); },
        std::move(how));
    REQUIRE_FALSE(ended.ok());
    return *ended.failure;
  }

 private:
  static troupe::task<troupe::json> chat_in(troupe::llm::client model,
                                            troupe::llm::chat_request ask,
                                            troupe::context& ctx) {
    auto asking = model.chat(ctx, std::move(ask));
    const auto reply = co_await asking;
    co_return troupe::json(reply);
  }
};

}  // namespace troupe_test
