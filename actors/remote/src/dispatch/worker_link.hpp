#pragma once

#include "actor/timer_service.hpp"
#include "dispatch/life_signs.hpp"
#include "dispatch/served_work.hpp"
#include "leases/lease_holder.hpp"
#include "sharing/shared_registry.hpp"
#include "wire/messages.hpp"
#include "wire/news_outbox.hpp"

#include <troupe/remote/worker.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::remote {

/// The messages to a `worker_link`, besides those of calls and of topics.
namespace link_message {
/// A piece of work has events.
struct has_events {
  std::uint64_t number;
};
struct reached {
  caf::actor supervisor;
};
struct drain {};
struct stop {};
}  // namespace link_message

/// The data that a link shows to other threads.
struct link_view {
  std::atomic<std::size_t> running{0};
  std::mutex mutex;
  std::condition_variable changed;
  bool has_left = false;
};

/// A worker's end of its connection to a supervisor: takes leases, has them
/// done, and brings back what comes of them.
class worker_link final : public detail::answer_receiver {
 public:
  using messages =
      detail::message_set<link_message::has_events, link_message::reached,
                          link_message::drain, link_message::stop,
                          call_message::call, call_message::end,
                          news_message::published, news_message::topic_changed>;

  struct options {
    wire::hello said;
    served_flows flows;
    duration silence_max;
    duration retry_max;
    std::size_t message_max;
    std::function<void(const std::string&)> notice;
    /// The supervisor is lost and is to be reached again. Empty for a worker
    /// that is called.
    std::function<void()> on_lost;
    /// Speaks for the link while it cannot.
    std::shared_ptr<life_signs> signs;
  };

  worker_link(caf::actor_config& config, detail::home& at,
              detail::system_core& core, options chosen,
              std::shared_ptr<link_view> view);

 private:
  enum class phase : std::uint8_t {
    /// There is no supervisor.
    alone,
    /// Has said hello, or is about to.
    joining,
    joined,
  };

  struct job {
    detail::lease which;
    std::unique_ptr<served_work> work;
  };

  struct kept_snapshot {
    state content;
    /// About what it takes.
    std::size_t memory = 0;
  };

  // -- lite_actor ---------------------------------------------------------

  void on_start() override;
  void on_timer_due(detail::timer_due) override;
  /// A run has ended.
  void on_answer(detail::wake_key key, detail::answer*) override;
  void on_message(caf::mailbox_element& message) override;
  void on_down(const caf::down_msg& down) override;
  void on_turn() override;
  void on_stop(const caf::error& reason) noexcept override;

  // -- what the rest of the process says ----------------------------------

  friend class detail::envelope;

  void on(link_message::has_events which);
  void on(const link_message::reached& came);
  void on(link_message::drain);
  void on(link_message::stop) { quit(); }
  void on(call_message::call asked);
  void on(call_message::end&& ended);
  void on(const news_message::published& said);
  void on(const news_message::topic_changed& said);

  // -- what the supervisor says -------------------------------------------

  void on_said(wire::welcome& said);
  void on_said(wire::dismiss& said);
  void on_said(wire::give& said);
  void on_said(wire::snapshot& said);
  void on_said(wire::forget& said);
  void on_said(wire::take_back& said);
  void on_said(wire::got& said);
  void on_said(wire::answer& said);
  void on_said(wire::news& said);
  void on_said(wire::heard& said);
  void on_said(wire::pulse& said) { pulse_at_ = said.at; }
  void on_said(wire::events_heard& said);
  template <class T>
  void on_said(T&) {}

  // -- work ---------------------------------------------------------------

  void begin(const wire::give& what);
  void finish(detail::lease which, const detail::placed_result& result);
  /// As it goes out, or why it cannot.
  [[nodiscard]] wire::bytes encoded(const detail::placed_result& result) const;
  void drop_result(detail::lease which);
  void on_events(std::uint64_t number);
  /// Those of a job that are left. False: there is no room for them.
  bool send_events(const job& of, bool must);
  void on_run_ended(std::uint64_t number);
  void drop_all();

  // -- what is shared -----------------------------------------------------

  void begin_call(call_order_ptr order);
  void tune_all();
  /// The supervisor of all that is shared is gone.
  void drop_shared(const std::string& why);
  /// Adds the messages that a turn leaves to be sent.
  void add_news();

  // -- the rest -----------------------------------------------------------

  void tick();
  void meet(const caf::actor& supervisor);
  void say_hello(time_point now);
  void lose_supervisor();
  void drain();
  /// Ends a draining link that has nothing left to do.
  void leave_if_done();

  detail::system_core& core_;
  const std::shared_ptr<detail::timer_service> timers_;
  const options options_;
  const std::shared_ptr<link_view> view_;
  phase phase_ = phase::alone;
  caf::actor supervisor_;
  time_point heard_{};
  /// The time at which it last looked at the clock.
  time_point ticked_{};
  /// The time at which it says hello, or said it.
  time_point hello_at_{};
  bool has_said_hello_ = false;
  bool is_draining_ = false;
  duration beat_every_;
  detail::lease_holder holder_;
  std::uint64_t last_job_ = 0;
  std::map<std::uint64_t, job> jobs_;
  std::map<detail::lease, std::uint64_t> numbers_;
  /// Results that the supervisor has not confirmed, and when they were sent.
  std::map<detail::lease, std::pair<wire::shared_bytes, time_point>> results_;
  /// Of all of them.
  std::size_t result_bytes_ = 0;
  std::map<std::uint64_t, kept_snapshot> snapshots_;
  /// Of all of them.
  std::size_t snapshot_memory_ = 0;
  const std::shared_ptr<shared_registry> board_;
  /// Calls under way; null for those that are answered and have something lent.
  std::unordered_map<std::uint64_t, call_order_ptr> calls_;
  news_outbox news_;
  /// Messages with events.
  sent_window events_away_{64, std::size_t{4} << 20};
  /// Jobs whose events wait for room there.
  std::set<std::uint64_t> with_events_;
  /// The time in the last pulse.
  std::int64_t pulse_at_ = 0;
  /// Messages of topics that came in this turn.
  std::uint64_t news_heard_ = 0;
  std::vector<wire::message> out_;
};

}  // namespace troupe::remote
