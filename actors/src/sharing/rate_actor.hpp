#pragma once

#include "core/waiting_line.hpp"

#include <troupe/detail/timing/timer_id.hpp>
#include <troupe/rate_limit.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

/// The kinds of signals to a `rate_actor`.
namespace rate_signal {
/// `body` is a `rate_order`.
inline constexpr std::uint32_t acquire = signal_kind::own;
/// Some that wait have gone away.
inline constexpr std::uint32_t look_again = signal_kind::own + 1;
/// `generation` is the difference in tokens, a double.
inline constexpr std::uint32_t correct = signal_kind::own + 2;
/// The same, and the request did not happen either.
inline constexpr std::uint32_t give_back = signal_kind::own + 3;
/// `generation` is how long nothing may pass, in ticks of `duration`.
inline constexpr std::uint32_t back_off = signal_kind::own + 4;
}  // namespace rate_signal

/// A wait for a pass.
class rate_order final : public wait_order {
 public:
  rate_order(waker asker, double counted)
      : wait_order(std::move(asker)), tokens(counted) {}

  const double tokens;
};

/// A pass on its way. One that nobody claims goes back.
class rate_grant {
 public:
  rate_grant(lite_ptr<lite_actor> from, double tokens) noexcept
      : from_(std::move(from)), tokens_(tokens) {}
  rate_grant(rate_grant&&) noexcept = default;
  rate_grant& operator=(rate_grant&&) = delete;
  ~rate_grant() {
    if (!from_) return;
    post(*from_, signal{rate_signal::give_back, 0,
                        std::bit_cast<std::uint64_t>(tokens_)});
  }
  void claim() noexcept { from_ = nullptr; }

 private:
  lite_ptr<lite_actor> from_;
  double tokens_;
};

/// Nothing if the line is full.
using rate_answer = answer_of<std::optional<rate_grant>>;

/// Lets waiting requests through, first come, first served, as its meters say.
class rate_actor final : public lite_actor {
 public:
  rate_actor(caf::actor_config& config, home& at,
             std::shared_ptr<timer_service> timers,
             const rate_limit_options& options);

 private:
  void on_signal(signal& received) override;
  void stand_in_line(caf::intrusive_ptr<rate_order> order);
  void let_through();
  /// So many tokens fewer were used than was said; negative for more.
  void correct(double unused);
  void back_off(duration pause);
  void wake_at(time_point due);
  [[nodiscard]] time_point ready_at(const rate_order& order) const noexcept;

  /// Its own share: the last turn may come when the system has ended.
  const std::shared_ptr<timer_service> timers_;
  rate_meter requests_;
  std::optional<rate_meter> tokens_;
  std::size_t waiting_max_;
  waiting_line<rate_order> waiting_;
  timer_id timer_;
  time_point timer_due_;
};

}  // namespace troupe::detail
