#pragma once

#include "actor/manual_queue.hpp"
#include "core/system_core.hpp"
#include "http/exchange.hpp"
#include "http/transfers.hpp"

#include <atomic>
#include <memory>

namespace troupe::detail {

/// The messages to an `http_actor`.
namespace http_message {
struct begin {
  exchange_ptr about;
};
/// There is room for a part that was refused.
struct go_on {
  exchange_ptr about;
};
/// Nobody waits for it any more.
struct drop {
  exchange_ptr about;
};
/// The thread ends.
struct close {};
}  // namespace http_message

/// Takes orders for exchanges. Its turns are taken by the thread that waits for
/// the sockets, so that a message and a byte come in at one place.
class http_actor final : public troupe::detail::lite_actor {
 public:
  using messages =
      troupe::detail::message_set<http_message::begin, http_message::go_on,
                                  http_message::drop, http_message::close>;

  http_actor(caf::actor_config& config, troupe::detail::home& at,
             transfers& driven)
      : lite_actor(config, at), transfers_(driven) {}

 private:
  friend class troupe::detail::envelope;

  void on(const http_message::begin& asked) { transfers_.begin(asked.about); }
  void on(const http_message::go_on& asked) { transfers_.go_on(*asked.about); }
  void on(const http_message::drop& asked) { transfers_.drop(*asked.about); }
  void on(http_message::close);

  transfers& transfers_;
};

/// The thread of an `http_actor`.
class http_thread {
 public:
  http_thread(troupe::detail::system_core& core, const http_options& options);
  http_thread(const http_thread&) = delete;
  http_thread& operator=(const http_thread&) = delete;
  ~http_thread();

  [[nodiscard]] http_actor& actor() const noexcept { return *actor_; }

 private:
  /// The data that the thread uses. It keeps that itself, as the one who
  /// destroys the `http_thread` may be what the thread has just called.
  struct shared;

  const std::shared_ptr<troupe::detail::service_threads> threads_;
  const std::shared_ptr<shared> shared_;
  const troupe::detail::lite_ptr<http_actor> actor_;
  const troupe::detail::service_threads::number thread_;
};

}  // namespace troupe::detail
