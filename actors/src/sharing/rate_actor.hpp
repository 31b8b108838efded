#pragma once

#include "core/waiting_line.hpp"

#include <troupe/detail/timing/timer_id.hpp>
#include <troupe/rate_limit.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

/// A wait for a pass.
class rate_order final : public wait_order {
 public:
  rate_order(waker asker, double counted)
      : wait_order(std::move(asker)), tokens(counted) {}

  const double tokens;
};

/// The messages to a `rate_actor`.
namespace rate_message {
struct acquire {
  caf::intrusive_ptr<rate_order> order;
};
/// One that waited has gone away.
struct withdrawn {};
/// So many tokens fewer were used than was said; negative for more.
struct correct {
  double unused;
};
/// The same, and the request did not happen either.
struct give_back {
  double unused;
};
/// Nothing may pass for so long.
struct back_off {
  duration pause;
};
}  // namespace rate_message

class rate_actor;

/// A pass on its way. One that nobody claims goes back.
class rate_grant {
 public:
  rate_grant(lite_ptr<rate_actor> from, double tokens) noexcept;
  rate_grant(rate_grant&&) noexcept;
  rate_grant& operator=(rate_grant&&) = delete;
  ~rate_grant();
  void claim() noexcept;

 private:
  lite_ptr<rate_actor> from_;
  double tokens_;
};

/// Nothing if the line is full.
using rate_answer = answer_of<std::optional<rate_grant>>;

/// Lets waiting requests through, first come, first served, as its meters say.
class rate_actor final : public lite_actor {
 public:
  using messages = message_set<rate_message::acquire, rate_message::withdrawn,
                               rate_message::correct, rate_message::give_back,
                               rate_message::back_off>;

  rate_actor(caf::actor_config& config, home& at,
             std::shared_ptr<timer_service> timers,
             const rate_limit_options& options);

 private:
  friend class envelope;

  void on(rate_message::acquire asked);
  void on(rate_message::withdrawn);
  void on(rate_message::correct said);
  void on(rate_message::give_back returned);
  void on(rate_message::back_off asked);
  void on_timer_due(timer_due) override;

  void let_through();
  void correct(double unused);
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
