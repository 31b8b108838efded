#pragma once

#include "core/run_core.hpp"
#include "core/watchdog.hpp"
#include "run/fan_out.hpp"
#include "run/node_actor.hpp"

#include <troupe/machine.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace troupe::detail {

/// What a supervisor keeps that sends its steps to node actors.
struct node_line {
  struct known {
    const graph_node* node = nullptr;
    lite_ptr<node_actor> actor;
  };
  /// Here while no step is away.
  ticket_ptr ticket;
  /// The ticket, while it is away.
  const step_ticket* sent = nullptr;
  lite_ptr<node_actor> sent_to;
  std::vector<known> actors;
};

namespace supervisor_message {
/// The sub-flow with that place has ended. The result is null where it died
/// and there was no memory to say why.
struct branch_done {
  std::uint32_t place;
  branch_result_ptr result;
};
}  // namespace supervisor_message

/// Runs a flow: carries out what the machine says and tells it how that went.
/// One for each run and for each sub-flow of a batch.
class flow_supervisor final : public fiber_actor,
                              private step_host,
                              private completion {
 public:
  using messages =
      message_set<supervisor_message::cancel, supervisor_message::branch_done,
                  supervisor_message::turn_over, supervisor_message::turn_lost>;

  /// The one of a whole run.
  flow_supervisor(caf::actor_config& config, home& at,
                  std::shared_ptr<run_core> run, state initial);
  /// The one of a sub-flow, which writes an overlay of `snapshot`.
  flow_supervisor(caf::actor_config& config, home& at, flow_supervisor& parent,
                  const branch_start& start);
  ~flow_supervisor() override;

  /// The run is cancelled when so much time has passed. Before it is woken.
  void set_deadline(duration limit);

  // -- for its fan-out -------------------------------------------------------

  [[nodiscard]] state& shared() noexcept { return shared_; }
  [[nodiscard]] const value& params() const noexcept override {
    return params_;
  }
  /// Its position among the items of its fan-out.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] machine& engine() noexcept { return machine_; }
  [[nodiscard]] run_core& run() const noexcept { return *run_; }
  [[nodiscard]] step_host& steps() noexcept { return *this; }
  [[nodiscard]] std::string run_id() const override;
  /// What the sub-flow of an item of the present step is called.
  [[nodiscard]] std::string sub_flow_id(std::size_t index) const;

 private:
  // -- fiber_actor -----------------------------------------------------------

  void on_start() override;
  void on_turn() override;
  friend class letter;

  void on(const supervisor_message::cancel& asked);
  void on(supervisor_message::branch_done came);
  void on(supervisor_message::turn_over came);
  void on(supervisor_message::turn_lost);
  void on_fibers() override;
  void on_timer(wake_key key) override;
  void on_own_answer(std::uint32_t place, answer& brought) override;
  call_origin origin() const override { return {run_, &machine_.node()}; }
  void on_stop(const caf::error& reason) noexcept override;

  // -- step_host -------------------------------------------------------------

  std::string node_path() const override;
  std::uint64_t step() const noexcept override;
  time_point now() const noexcept override { return fiber_actor::now(); }
  std::stop_token stop_token() override;
  const node_options& options() const noexcept override {
    return machine_.node().options;
  }
  std::uint64_t seed() const noexcept override;
  bool take_retry() noexcept override { return run_->take_retry(); }
  bool listens(event_detail detail) const noexcept override {
    return run_->listens(detail);
  }
  void tell(event what) override;
  // Beside CAF's function of that name, which takes an observer away.
  using fiber_actor::detach;
  std::shared_ptr<step_host> detach() override;
  std::optional<placed_work> work_elsewhere() const override;

  // -- completion ------------------------------------------------------------

  void on_complete() noexcept override { is_ready_ = true; }

  // -- steps -----------------------------------------------------------------

  void advance();
  bool carry_out(watchdog::watch& watch);
  bool run_step(turn_kind what, watchdog::watch& watch);
  bool in_place() const noexcept;
  /// Whether the actor of a node has the step.
  bool is_away() const noexcept { return line_ && line_->sent != nullptr; }
  void send_step(turn_kind what);
  node_actor& actor_of(const graph_node& node);
  void settle(step_status status);
  void end_attempt();
  bool wait_for_retry();
  bool start_fan_out();
  bool go_on_with_fan_out();
  void cancel(const error& why);
  static bool declares(const node_model& model, const troupe::action& chosen);
  void tell_of_attempt(turn_kind what);
  void tell_of_step();
  void tell_of_failure();
  void tell_missing_edges();
  void tell_of_start();
  void tell_of_end();

  // -- the end ---------------------------------------------------------------

  void finish();
  void report_to_parent();
  [[nodiscard]] error death_by(const caf::error& reason) const;
  void report_death_to_parent(const caf::error& reason) noexcept;
  void release() noexcept;

  std::shared_ptr<run_core> run_;
  /// Null for the supervisor of a whole run.
  lite_ptr<flow_supervisor> parent_;
  std::uint32_t place_ = 0;
  /// How many retries have been waited for.
  std::uint32_t waits_ = 0;
  bool is_ready_ = false;
  bool has_reported_ = false;
  bool has_just_stopped_ = false;
  std::size_t index_ = 0;
  value params_;
  state shared_;
  machine machine_;
  frame frame_;
  std::unique_ptr<node_line> line_;
  std::unique_ptr<fan_out_run> fan_out_;
  std::uint64_t retry_timer_ = 0;
  std::uint64_t deadline_timer_ = 0;
  std::atomic<std::stop_source*> stop_{nullptr};
};

}  // namespace troupe::detail
