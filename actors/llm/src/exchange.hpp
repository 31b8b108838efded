#pragma once

#include "fiber_actor.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/http_message.hpp>

#include <optional>
#include <string>
#include <utility>

namespace troupe::llm::detail {

/// What has come of an exchange since its waiter asked.
struct arrival {
  std::optional<error> failure;
  /// The head where that was waited for; the body, or the next part of it.
  http_response response;
  /// Whether the body has ended, with this.
  bool is_end = false;
};

/// A request and who waits for what comes of it.
///
/// The two sides take turns: who waits fills in `who` before each order, and
/// from then until the answer it belongs to the actor.
class exchange final : public troupe::detail::payload {
 public:
  exchange(http_request asked, bool streamed)
      : request(std::move(asked)), is_streamed(streamed) {}

  void answer(arrival came) {
    auto told = std::exchange(who, {});
    told(
        caf::make_counted<troupe::detail::answer_of<arrival>>(std::move(came)));
  }

  const http_request request;
  const bool is_streamed;
  troupe::detail::waker who{};
};

using exchange_ptr = caf::intrusive_ptr<exchange>;

}  // namespace troupe::llm::detail
