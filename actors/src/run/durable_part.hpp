#pragma once

#include "core/run_journal.hpp"
#include "run/step_runs.hpp"

#include <troupe/detail/node/step_keeper.hpp>
#include <troupe/state.hpp>
#include <troupe/store/resume_point.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::detail {

class flow_supervisor;

/// The part of a supervisor that makes what it does durable: its commits on
/// their way to the store, and what an earlier life of the run left of it.
///
/// Nothing of a supervisor goes on while it waits for a commit, so that no
/// effect of a step happens before the steps on which it rests are kept.
///
/// Thread safety: confined to the supervisor.
class durable_part final : public step_keeper {
 public:
  /// Refers to `owner` as long as it lives. `from` is null for what begins.
  /// `start` is the state from which it began.
  durable_part(flow_supervisor& owner, run_journal& journal,
               std::string address, state start,
               std::shared_ptr<resume_point> from);

  // -- waits -----------------------------------------------------------------

  [[nodiscard]] bool is_waiting() const noexcept { return is_waiting_; }
  /// The commit it waits for has been made, or has failed.
  void on_committed(const commit_result& how);
  void wait_no_more() noexcept { is_waiting_ = false; }
  /// The reason why a step could not be kept; null if all could.
  [[nodiscard]] const commit_result& failure() const noexcept {
    return failure_;
  }
  /// The work of the supervisor cannot be kept: it is too large, say.
  void refuse(error why);
  /// The store takes no more of the run.
  void cut_off(error why);
  [[nodiscard]] bool is_cut_off() const noexcept { return is_cut_off_; }

  // -- the life of a run -----------------------------------------------------

  /// Makes the run in the store, or counts that it goes on. Waits.
  void begin();
  /// Keeps how it ended. Waits.
  void keep_end(const end_form& how, run_status status);
  [[nodiscard]] bool has_kept_end() const noexcept { return has_kept_end_; }
  [[nodiscard]] run_journal& journal() const noexcept { return journal_; }
  /// Returns whether the run is being put away.
  [[nodiscard]] bool is_parked() const noexcept { return journal_.is_parked(); }

  // -- steps -----------------------------------------------------------------

  /// A step of the supervisor's was committed. `whole` is the state of a run
  /// after it, null for a sub-flow. `end` is given if the run ended with it.
  /// Waits.
  void keep_step(std::uint64_t step, const step_form& what, const state* whole,
                 const std::optional<end_form>& end);
  /// An attempt failed, and there will be another one, or the fallback. Waits.
  void keep_attempt(std::uint64_t step, const attempt_form& what);
  /// The step is left alone: what was known of it is not its successor's.
  void forget_step();

  // -- fan-outs --------------------------------------------------------------

  /// All writes to `shared` from now on belong to one step.
  void on_fan_out(state& shared);
  /// That was `wrote`, which has been taken from it.
  void after_fan_out(state& shared, const delta& wrote);
  /// Items from `first` on were taken; `all` if no more will come. Waits.
  void keep_items(std::uint64_t step, std::size_t first,
                  const std::vector<value>& params, bool all);
  /// The sub-flow of an item has ended. Nobody waits.
  void keep_item_end(std::uint64_t step, const branch_end& how);

  // -- an earlier life -------------------------------------------------------

  /// The point that it left; null if there was none, or all of it has been
  /// used.
  [[nodiscard]] resume_point* former() const noexcept { return former_.get(); }
  /// The point from which the sub-flow of an item goes on, or null. Once.
  [[nodiscard]] std::shared_ptr<resume_point> take_branch(std::size_t index);
  [[nodiscard]] std::string address_of(std::size_t index) const;
  /// Waits until all is in the store that this process has given it by now.
  void wait_for_all() { commit({}, {}); }
  /// The points from which the sub-flows of the present step go on, by item.
  /// Errors: throws `errc::store_failed`.
  [[nodiscard]] std::map<std::uint64_t, std::shared_ptr<resume_point>>
  read_branches() const;

  // -- step_keeper -----------------------------------------------------------

  std::optional<json> result_of(std::size_t item) override;
  void keep_result(std::size_t item, const json& result) override;
  known_effect begin_effect(const effect_name& which, bool again_if_unknown,
                            const effect_asker& asker) override;
  void end_effect(const effect_name& which, const json& result,
                  const error* failure, const effect_asker& asker) override;
  void give_effect_up(const effect_name& which) override;
  void on_item_attempt(std::size_t item) override;
  std::shared_ptr<run_names> names() override;
  /// Names of effects and of started runs may come again: a new attempt begins.
  void on_attempt() noexcept {
    named_.clear();
    runs_.reset();
  }

 private:
  using effect_id = std::pair<std::uint64_t, std::string>;

  [[nodiscard]] log_entry entry(log_entry::kind what, std::uint64_t step,
                                stored_text body) const;
  void commit(std::vector<log_entry> entries, run_change change);

  flow_supervisor& owner_;
  run_journal& journal_;
  const std::string address_;
  /// Of a sub-flow; of a run it is not needed.
  const state start_;
  /// The writes of a sub-flow before its fan-out.
  delta before_;
  std::shared_ptr<resume_point> former_;
  snapshot_rule snapshots_;
  bool is_waiting_ = false;
  bool is_cut_off_ = false;
  bool has_kept_end_ = false;
  /// The result of `prep` is kept, for the items of the step.
  bool has_kept_prepared_ = false;
  std::uint64_t steps_safe_ = 0;
  std::uint64_t steps_asked_ = 0;
  commit_result failure_;
  /// The effects of the present step.
  std::map<effect_id, std::optional<effect_form>> effects_;
  /// Those that the present attempt has come to.
  std::set<effect_id> named_;
  /// The names of the runs that it starts; null until it starts one.
  std::shared_ptr<step_runs> runs_;
};

}  // namespace troupe::detail
