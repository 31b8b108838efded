#pragma once

#include "actor/address.hpp"
#include "core/placement.hpp"
#include "wire/messages.hpp"

#include <troupe/detail/node/flow_graph.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::remote {

class order_body;
using order_ptr = caf::intrusive_ptr<order_body>;

/// The messages by which placed work reaches a `gateway`.
namespace work_message {
struct place {
  std::uint64_t number;
  order_ptr order;
};
struct recall {
  std::uint64_t number;
};
/// No work has the snapshot any more.
struct forget_snapshot {
  std::uint64_t id;
};
}  // namespace work_message

using work_address = detail::address<work_message::place, work_message::recall,
                                     work_message::forget_snapshot>;

/// A snapshot as it goes out. When the last work that has it is over, the
/// gateway is told.
class packed_snapshot {
 public:
  packed_snapshot(std::uint64_t id, std::shared_ptr<const state> of,
                  work_address gateway);
  packed_snapshot(const packed_snapshot&) = delete;
  packed_snapshot& operator=(const packed_snapshot&) = delete;
  ~packed_snapshot();

  const std::uint64_t id;
  const wire::shared_bytes body;

 private:
  // Keeps its address from becoming that of another.
  std::shared_ptr<const state> of_;
  work_address gateway_;
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
  std::shared_ptr<const detail::flow_graph> flow;
  wire::shared_bytes body;
  std::shared_ptr<const packed_snapshot> snapshot;
  std::shared_ptr<detail::event_sink> sink;
  detail::waker asker;

  void answer(detail::placed_result result);
  /// Answers with what a worker sent. It is read where it is waited for.
  void answer(wire::shared_bytes result);

 private:
  void answer(detail::answer_ptr result);
};

/// Takes placed work from the actors of runs to the gateway. What goes out is
/// made on their threads, so that the gateway has little to do for each.
class placed_orders final : public detail::placement {
 public:
  placed_orders(work_address gateway, std::size_t message_max)
      : gateway_(std::move(gateway)), message_max_(message_max) {}

  std::uint64_t place(detail::placed_order order) override;
  void recall(std::uint64_t work) noexcept override;

 private:
  std::shared_ptr<const packed_snapshot> pack(
      const std::shared_ptr<const state>& from);

  const work_address gateway_;
  const std::size_t message_max_;
  /// Of all listeners of the process, as work may be recalled by a number that
  /// an earlier one gave.
  static inline std::atomic<std::uint64_t> last_{0};
  std::mutex mutex_;
  std::uint64_t last_snapshot_ = 0;
  std::map<const state*, std::weak_ptr<const packed_snapshot>> snapshots_;
};

}  // namespace troupe::remote
