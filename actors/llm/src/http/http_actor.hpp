#pragma once

#include "actor/manual_queue.hpp"
#include "core/system_core.hpp"
#include "http/exchange.hpp"
#include "http/transfers.hpp"

#include <atomic>
#include <memory>

namespace troupe::llm::detail {

/// The kinds of signals to an `http_actor`; `body` is an `exchange`.
namespace http_signal {
inline constexpr std::uint32_t begin = troupe::detail::signal_kind::own;
/// There is room for a part that was refused.
inline constexpr std::uint32_t go_on = troupe::detail::signal_kind::own + 1;
/// Nobody waits for it any more.
inline constexpr std::uint32_t drop = troupe::detail::signal_kind::own + 2;
/// The thread ends. Has no `body`.
inline constexpr std::uint32_t close = troupe::detail::signal_kind::own + 3;
}  // namespace http_signal

/// Takes orders for exchanges. Its turns are taken by the thread that waits for
/// the sockets, so that a message and a byte come in at one place.
class http_actor final : public troupe::detail::lite_actor {
 public:
  http_actor(caf::actor_config& config, troupe::detail::home& at,
             transfers& driven)
      : lite_actor(config, at), transfers_(driven) {}

 private:
  void on_signal(troupe::detail::signal& received) override;

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

}  // namespace troupe::llm::detail
