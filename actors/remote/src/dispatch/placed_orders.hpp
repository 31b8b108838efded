#pragma once

#include "core/placement.hpp"
#include "wire/messages.hpp"

#include <troupe/detail/node/flow_model.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::remote {

/// The kinds of signals to a `gateway`.
namespace gateway_signal {
/// `generation` is the number of the work, `body` an `order_body`.
inline constexpr std::uint32_t place = detail::signal_kind::own;
/// `generation` is the number of the work.
inline constexpr std::uint32_t recall = detail::signal_kind::own + 1;
/// `generation` is the id of a snapshot that no work has any more.
inline constexpr std::uint32_t forget = detail::signal_kind::own + 2;
/// `body` is a `called_worker`: one that is reached now.
inline constexpr std::uint32_t reached = detail::signal_kind::own + 3;
/// The listener is being destroyed.
inline constexpr std::uint32_t stop = detail::signal_kind::own + 4;
}  // namespace gateway_signal

/// A snapshot as it goes out. When the last work that has it is over, the
/// gateway is told.
class packed_snapshot {
 public:
  packed_snapshot(std::uint64_t id, std::shared_ptr<const state> of,
                  detail::lite_ptr<detail::lite_actor> gateway);
  packed_snapshot(const packed_snapshot&) = delete;
  packed_snapshot& operator=(const packed_snapshot&) = delete;
  ~packed_snapshot();

  const std::uint64_t id;
  const wire::shared_bytes body;

 private:
  // Keeps its address from becoming that of another.
  std::shared_ptr<const state> of_;
  detail::lite_ptr<detail::lite_actor> gateway_;
};

/// A piece of work as the gateway keeps it until it is over. One that goes away
/// without an answer gives `errc::shut_down`: nobody listens any more.
class order_body final : public detail::payload {
 public:
  ~order_body() override;

  std::string label;
  /// The run and the node, for who hears of its events.
  std::string run_id;
  std::string node;
  std::shared_ptr<const detail::flow_model> flow;
  wire::shared_bytes body;
  std::shared_ptr<const packed_snapshot> snapshot;
  std::shared_ptr<detail::event_sink> sink;
  detail::lite_ptr<detail::lite_actor> asker;
  detail::signal reply{0};

  void answer(detail::placed_result result);
  /// Answers with what a worker sent. It is read where it is waited for.
  void answer(wire::shared_bytes result);

 private:
  void answer(detail::payload_ptr result);
};
using order_ptr = caf::intrusive_ptr<order_body>;

/// Takes placed work from the actors of runs to the gateway. What goes out is
/// made on their threads, so that the gateway has little to do for each.
class placed_orders final : public detail::placement {
 public:
  placed_orders(detail::lite_ptr<detail::lite_actor> gateway,
                std::size_t message_max)
      : gateway_(std::move(gateway)), message_max_(message_max) {}

  std::uint64_t place(detail::placed_order order) override;
  void recall(std::uint64_t work) noexcept override;

 private:
  std::shared_ptr<const packed_snapshot> pack(
      const std::shared_ptr<const state>& from);

  const detail::lite_ptr<detail::lite_actor> gateway_;
  const std::size_t message_max_;
  /// Of all listeners of the process, as work may be recalled by a number that
  /// an earlier one gave.
  static inline std::atomic<std::uint64_t> last_{0};
  std::mutex mutex_;
  std::uint64_t last_snapshot_ = 0;
  std::map<const state*, std::weak_ptr<const packed_snapshot>> snapshots_;
};

}  // namespace troupe::remote
