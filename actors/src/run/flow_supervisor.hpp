#pragma once

#include "core/run_core.hpp"
#include "core/watchdog.hpp"
#include "run/durable_part.hpp"
#include "run/fan_out.hpp"
#include "run/lineage.hpp"
#include "run/step_driver.hpp"

#include <troupe/machine.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace troupe::detail {

namespace supervisor_message {
/// The sub-flow with that place has ended. The result is null where it died
/// and there was no memory to say why.
struct branch_done {
  std::uint32_t place;
  branch_result_ptr result;
};
}  // namespace supervisor_message

/// Leads a run, or a sub-flow of a fan-out: has done what the machine says, by
/// the step driver or a fan-out, tells it how that went, commits what was
/// written, and reports the end. One for each run and for each sub-flow.
class flow_supervisor final : public fiber_actor, private step_services {
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

  /// The run is cancelled when so much time has passed. Before it is woken.
  void set_deadline(duration limit);

  // -- commits ---------------------------------------------------------------
  // Writes become the state of the run here, and nowhere else.

  /// A step, or the end of a fan-out, left the state as `written`, if it wrote
  /// at all, and chose an action: the state is replaced, and the machine goes
  /// on. A step that was over before a cancel reached it still counts.
  void commit_step(std::optional<state>& written, const troupe::action& chosen);
  /// A sub-flow of the fan-out wrote `wrote`. `by` combines it with what
  /// others wrote from the same state; null in a sequence.
  /// Errors: those of `merger::merge`.
  void commit_branch(std::size_t index, const delta& wrote, merger* by);
  /// Returns whether writes to a copy of the state are to be recorded for that.
  [[nodiscard]] bool records() const noexcept { return driver_.records(); }

  // -- durable runs ----------------------------------------------------------

  /// The numbers of its own waits, besides those of placed sub-flows.
  static constexpr std::uint32_t commit_wait = ~std::uint32_t{0};
  static constexpr std::uint32_t begin_wait = commit_wait - 1;

  /// Null unless the run is durable.
  [[nodiscard]] durable_part* durable() const noexcept {
    return durable_.get();
  }
  /// True also of a part of a run that is durable in another process.
  [[nodiscard]] bool is_durable_anywhere() const noexcept {
    const auto* origin = run().origin();
    return durable_ != nullptr || (origin != nullptr && origin->is_durable);
  }
  /// The number of the present step.
  [[nodiscard]] std::uint64_t step_number() const noexcept {
    return from_.step(machine_);
  }
  /// The result of `prep` in the present step, if it has a form.
  [[nodiscard]] std::optional<json> prepared_form() const {
    return driver_.prepared_form();
  }

  // -- for its fan-out -------------------------------------------------------

  [[nodiscard]] const state& shared() const noexcept { return shared_; }
  [[nodiscard]] const value& params() const noexcept override {
    return params_;
  }
  /// Its position among the items of its fan-out.
  [[nodiscard]] std::size_t index() const noexcept { return from_.index(); }
  [[nodiscard]] machine& engine() noexcept { return machine_; }
  [[nodiscard]] run_core& run() const noexcept { return *from_.run(); }
  [[nodiscard]] step_services& steps() noexcept { return *this; }
  [[nodiscard]] std::string run_id() const override { return from_.id(); }
  /// The id of the sub-flow of an item of the present step.
  [[nodiscard]] std::string sub_flow_id(std::size_t index) const;

 private:
  // -- fiber_actor -----------------------------------------------------------

  void on_start() override;
  void on_turn() override;
  friend class envelope;

  void on(const supervisor_message::cancel& asked);
  void on(supervisor_message::branch_done came);
  void on(supervisor_message::turn_over came);
  void on(supervisor_message::turn_lost);
  void on_fibers() override;
  void on_timer(wake_key key) override;
  void on_own_answer(std::uint32_t place, answer& brought) override;
  call_origin origin() const override {
    return {from_.run(), &machine_.node()};
  }
  void on_stop(const caf::error& reason) noexcept override;

  // -- step_services
  // -------------------------------------------------------------

  std::string node_path() const override { return from_.node_path(machine_); }
  std::uint64_t step() const noexcept override { return from_.step(machine_); }
  time_point now() const noexcept override { return this->fiber_actor::now(); }
  std::stop_token stop_token() override { return driver_.stop_token(); }
  const node_options& options() const noexcept override {
    return machine_.node().options;
  }
  std::uint64_t seed() const noexcept override { return from_.seed(machine_); }
  bool take_retry() noexcept override { return run().take_retry(); }
  bool listens(event_detail detail) const noexcept override {
    return run().listens(detail);
  }
  void tell(event what) override;
  // Beside CAF's function of that name, which takes an observer away.
  using fiber_actor::detach;
  std::shared_ptr<step_services> detach() override;
  std::optional<placed_work> work_elsewhere() const override;
  step_keeper* keeper() noexcept override;

  // -- steps -----------------------------------------------------------------

  void advance();
  bool carry_out(watchdog::watch& watch);
  bool run_step(step_call what, watchdog::watch& watch);
  void settle(step_status status);
  bool wait_for_retry();
  void commit_recorded_step(std::optional<state>& written,
                            const troupe::action& chosen);
  void go_on_by(const troupe::action& chosen);
  bool start_fan_out();
  bool go_on_with_fan_out();
  void cancel(const error& why);
  std::optional<error> undeclared(const troupe::action& chosen) const;
  void tell_of_attempt(step_call what);
  void tell_of_step();
  void tell_of_failure();
  void tell_missing_edges();
  void tell_of_start();
  void tell_of_end();

  // -- durable runs ----------------------------------------------------------

  void on_begun(begun_run& how);
  void on_committed(const commit_result& how);
  void go_on_after_commit();
  void restore_step();
  void limit_turn();
  [[nodiscard]] duration rest_of_wait();
  delta take_writes_of_fan_out();
  void keep_step(std::uint64_t number, const troupe::action& chosen,
                 delta wrote);
  void keep_attempt();
  [[nodiscard]] end_form end_of_run() const;
  bool keep_end();

  // -- the end ---------------------------------------------------------------

  void finish();
  void report_to_parent();
  [[nodiscard]] error death_by(const caf::error& reason) const;
  void report_death_to_parent(const caf::error& reason) noexcept;
  void release() noexcept;

  const lineage from_;
  /// The number of retries that have been waited for.
  std::uint32_t waits_ = 0;
  bool has_reported_ = false;
  bool has_just_stopped_ = false;
  value params_;
  state shared_;
  machine machine_;
  step_driver driver_;
  std::unique_ptr<durable_part> durable_;
  std::unique_ptr<fan_out_run> fan_out_;
  std::uint64_t retry_timer_ = 0;
  std::uint64_t deadline_timer_ = 0;
  std::uint64_t turn_timer_ = 0;
};

}  // namespace troupe::detail
