#pragma once

#include "actor/timer_service.hpp"
#include "dispatch/gateway_report.hpp"
#include "dispatch/placed_orders.hpp"
#include "leases/lease_table.hpp"
#include "sharing/call_server.hpp"
#include "sharing/shared_registry.hpp"
#include "wire/messages.hpp"
#include "wire/news_outbox.hpp"

#include <troupe/remote/listener.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::remote {

/// The data that the gateway shows to other threads.
struct gateway_view {
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::size_t workers = 0;
  gateway_report report;
  /// The gateway says and calls nothing more.
  bool has_ended = false;
};

/// The services of a gateway for its workers, besides work.
struct gateway_shares {
  std::shared_ptr<shared_registry> board;
  detail::lite_ptr<call_server> desk;
};

/// A supervisor's end of all connections to workers: a `lease_table` assigns
/// the work, and this carries it out.
class gateway final : public detail::lite_actor {
 public:
  /// A worker that was called.
  struct worker_reached {
    caf::actor who;
  };
  /// The listener is being destroyed.
  struct stop {};
  using messages =
      detail::message_set<work_message::place, work_message::recall,
                          work_message::forget_snapshot, worker_reached, stop,
                          call_server_message::answer, news_message::published,
                          news_message::topic_changed>;

  gateway(caf::actor_config& config, detail::home& at,
          std::shared_ptr<detail::timer_service> timers,
          const listener_options& options, gateway_shares shares,
          std::shared_ptr<gateway_view> view,
          std::function<void()> on_called_lost);

 private:
  using worker_id = detail::worker_id;
  using work_id = detail::work_id;

  struct worker {
    caf::actor to;
    wire::hello said;
    std::shared_ptr<const json> shown;
    time_point joined;
    time_point heard;
    std::size_t done = 0;
    bool is_draining = false;
    /// Its process was heard of last, and not its link.
    bool only_lives = false;
    std::set<std::uint64_t> snapshots = {};
    /// Topics that are heard there, and what goes there of them.
    std::set<std::string> topics = {};
    news_outbox news;
    /// A beat of this turn is to be answered.
    bool is_to_pulse = false;
    /// Messages of topics that came in this turn.
    std::uint64_t news_heard = 0;
    /// And those with events.
    std::uint64_t events_heard = 0;
    /// The messages that go out at the end of the turn.
    std::vector<wire::message> out = {};
  };
  using worker_place = std::map<worker_id, worker>::iterator;
  /// The way a worker goes: in order, or lost, perhaps because of the work it
  /// held.
  enum class parting : std::uint8_t { orderly, lost };

  // -- lite_actor ---------------------------------------------------------

  void on_start() override;
  void on_timer_due(detail::timer_due) override;
  void on_message(caf::mailbox_element& message) override;
  void on_down(const caf::down_msg& down) override;
  void on_turn() override;
  void on_stop(const caf::error& reason) noexcept override;

  // -- what the rest of the process says ----------------------------------

  friend class detail::envelope;

  void on(work_message::place asked);
  void on(work_message::recall asked);
  void on(work_message::forget_snapshot which);
  void on(const worker_reached& came);
  void on(stop);
  void on(call_server_message::answer&& made);
  void on(const news_message::published& said);
  // All that is published at a worker comes here.
  void on(const news_message::topic_changed&) {}

  // -- what peers say -----------------------------------------------------

  /// The answers that one packet may bring about once only.
  struct packet_answers {
    bool has_hello = false;
    bool has_status = false;
    bool has_dismiss = false;
  };

  void receive(const caf::actor& from, wire::message said,
               packet_answers& answers);
  void answer_stranger(const caf::actor& from, std::string why, bool is_final,
                       packet_answers& answers);
  void on_hello(const caf::actor& from, wire::hello said);
  [[nodiscard]] std::string reason_to_refuse(const wire::hello& said) const;
  [[nodiscard]] std::string reason_to_have_no_room(
      const wire::hello& said) const;
  [[nodiscard]] bool has_failed(const wire::done& said) const;
  void on_said(worker_place who, wire::beat& said);
  void on_said(worker_place who, wire::done& said);
  void on_said(worker_place who, wire::events& said);
  void on_said(worker_place who, wire::leave& said);
  void on_said(worker_place who, wire::call& said);
  void on_said(worker_place who, wire::end_call& said);
  void on_said(worker_place who, wire::tune& said);
  void on_said(worker_place who, wire::news& said);
  void on_said(worker_place who, wire::heard& said);
  void on_only_lives(worker_place who);
  template <class T>
  void on_said(worker_place, T&) {}

  // -- work ---------------------------------------------------------------

  static std::string offer_name(const std::string& flow,
                                const std::string& label);
  void place(std::uint64_t number, order_ptr order);
  void recall(work_id which);
  /// Remembers the flow, and parts with workers that have another one of its
  /// name. Errors: throws `errc::bad_flow` if this process has two.
  void learn(const std::shared_ptr<const detail::flow_graph>& flow);
  void forget_old_flows();
  void forget_snapshot(std::uint64_t id);
  void give(worker_id to, detail::lease which);
  void fail(work_id which, detail::lone_losses losses);
  void carry_out();

  // -- what is shared -----------------------------------------------------

  void spread(const std::string& topic, const wire::shared_bytes& body,
              std::uint64_t missed, worker_place but_not);
  void end_calls_of(worker_id who);
  /// Adds the messages that a turn leaves to be sent.
  static void add_news(worker& to);
  void say_all(worker& to);
  /// So that what a peer brings about in one turn takes little memory.
  void say_if_much(worker& to);

  // -- the rest -----------------------------------------------------------

  /// Sees what time has brought.
  void look();
  void look_when_due();
  void show();
  worker_place at(const caf::actor& who);
  void part_with(worker_place who, std::string why, bool is_final);
  void remove(worker_place who, parting how);
  /// Tells each run whose work is in `held` that the worker `name` was lost.
  void tell_of_loss(const std::string& name, const std::string& how,
                    const std::vector<work_id>& held);
  void end();
  void send(const caf::actor& to, const wire::message& what);
  [[nodiscard]] gateway_report report() const;

  const std::shared_ptr<detail::timer_service> timers_;
  const listener_options options_;
  const gateway_shares shares_;
  const std::shared_ptr<gateway_view> view_;
  const std::function<void()> on_called_lost_;
  detail::lease_table table_;
  std::map<worker_id, worker> workers_;
  std::map<caf::actor_addr, worker_id> ids_;
  /// Those that were called and reached, whether they have joined or not.
  std::map<caf::actor_addr, caf::actor> called_;
  std::unordered_map<work_id, order_ptr> orders_;
  /// The forms of this process's own flows, by name.
  std::map<std::string, json> forms_;
  std::map<const detail::flow_graph*, std::weak_ptr<const detail::flow_graph>>
      learnt_;
  /// So many are learnt when what nobody has any more is forgotten.
  std::size_t forget_at_ = 64;
  /// Labels for which nobody was there, told once.
  std::set<std::string> missed_;
  std::uint64_t last_worker_ = 0;
  /// Of what all workers have said in their hellos, and topics that they hear.
  std::size_t hello_memory_ = 0;
  std::size_t topics_ = 0;
  time_point next_look_ = time_point::max();
  timer_id look_timer_;
};

}  // namespace troupe::remote
