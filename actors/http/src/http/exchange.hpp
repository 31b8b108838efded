#pragma once

#include "core/fiber_actor.hpp"

#include <troupe/error.hpp>
#include <troupe/http/http_message.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::detail {

/// The part of an exchange that has come since its waiter took the last one.
struct arrival {
  std::optional<error> failure;
  /// Of a streamed exchange the head, then parts of the body, then the end; of
  /// another one all at once.
  http_response response;
  /// True if nothing follows.
  bool is_end = false;
};

/// Is told what comes of an exchange that nobody waits for, on the thread that
/// brings it.
class exchange_observer {
 public:
  virtual ~exchange_observer() = default;
  virtual void on_head(const http_response& head) = 0;
  virtual void on_part(std::string_view bytes) = 0;
  /// Not called where the transfer is aborted from here.
  virtual void on_end() = 0;
};

/// A request, and the parts of its response that have arrived. The waiting task
/// takes them from here, so that a part of a stream costs one message, and none
/// if it is here already.
///
/// Thread safety: internally synchronised. One thread brings the parts while
/// another one takes them.
class exchange final : public troupe::detail::payload {
 public:
  exchange(http_request asked, bool streamed, bool farewell = false)
      : request(std::move(asked)),
        is_streamed(streamed),
        is_unattended(farewell) {}

  exchange(http_request asked, std::shared_ptr<exchange_observer> told)
      : request(std::move(asked)),
        is_streamed(true),
        is_unattended(false),
        observer_(std::move(told)) {}

  const http_request request;
  const bool is_streamed;
  /// Nobody waits for what comes of it, and it may outlive who sent it.
  const bool is_unattended;

  // -- who waits --------------------------------------------------------------

  /// Takes the part that has come, or nothing.
  [[nodiscard]] std::optional<arrival> take();
  /// Wakes `who` with what comes next, or has come.
  void wait(troupe::detail::waker who);
  /// Returns whether there is room now for a part that was refused. Says so
  /// once.
  [[nodiscard]] bool has_room_again();

  // -- who brings -------------------------------------------------------------

  void bring_head(http_response head);
  /// False if more than `unread_max` bytes would wait to be taken; then the
  /// part has to come again once there is room.
  [[nodiscard]] bool bring_part(std::string_view bytes, std::size_t unread_max);
  void bring_end(std::optional<error> failure);
  /// Wakes the waiter, if there is one, with what was brought. A call of its
  /// own, so that the parts of a response that come in one piece cost one
  /// message: the waiter takes the others when it asks for them.
  void announce();

 private:
  std::optional<arrival> next();
  void tell();

  const std::shared_ptr<exchange_observer> observer_;
  std::mutex mutex_;
  std::optional<troupe::detail::waker> who_;
  http_response unread_;
  std::optional<error> failure_;
  bool has_head_ = false;
  bool has_told_head_ = false;
  bool is_full_ = false;
  bool has_ended_ = false;
};

using exchange_ptr = caf::intrusive_ptr<exchange>;

}  // namespace troupe::detail
