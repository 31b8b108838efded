#pragma once

#include "core/cancel_order.hpp"
#include "core/fiber_actor.hpp"
#include "core/placement.hpp"

#include <troupe/detail/node/fan_out_progress.hpp>
#include <troupe/detail/node/flow_graph.hpp>
#include <troupe/merge.hpp>
#include <troupe/state.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

class durable_part;
class flow_supervisor;
struct resume_point;

/// The parameters with which a sub-flow is started.
struct branch_start {
  const flow_graph* body = nullptr;
  /// Its position among the items.
  std::size_t index = 0;
  /// Its place in the parent's table of running sub-flows.
  std::uint32_t place = 0;
  value params;
  const state* snapshot = nullptr;
  /// The point from which it goes on; null for the beginning.
  std::shared_ptr<resume_point> from = {};
};

/// The end of a sub-flow, on its way to its parent.
class branch_result final : public payload {
 public:
  branch_end end;
  bool died = false;
  std::uint32_t place = 0;
};
using branch_result_ptr = caf::intrusive_ptr<branch_result>;

/// A fan-out at work: starts sub-flow actors while its progress has room, has
/// what they wrote merged, and cancels the rest when that is decided. Belongs
/// to the flow supervisor that runs it.
class fan_out_run {
 public:
  fan_out_run(flow_supervisor& owner, const fan_out_spec& model);
  ~fan_out_run();

  /// Starts sub-flows, a quantum at a time. Returns whether more may start.
  bool start_some();
  /// A sub-flow has ended.
  void on_result(branch_result_ptr result);
  /// A sub-flow has died, and could not say why.
  void on_lost(std::uint32_t place);
  /// One that was placed elsewhere has ended.
  void on_placed_result(std::uint32_t place, placed_result result);
  /// The store has what it was given: the sub-flows of items that were
  /// taken start, and those that died go on.
  void on_kept();
  /// Ends the fan-out for a reason that is no failure of a sub-flow.
  void fail(error why);
  /// Cancels all that run; nothing more starts. Needs no memory.
  void stop() noexcept;
  [[nodiscard]] bool is_over() const noexcept { return progress_.is_over(); }
  /// Tells the machine how it ended.
  /// @pre `is_over()` and the machine was not cancelled
  void conclude();

 private:
  struct child {
    lite_ptr<flow_supervisor> actor;
    /// The number of times that it has died and was dispatched again.
    std::uint32_t deaths = 0;
  };

  /// A sub-flow in another process.
  struct placed_child {
    std::uint64_t work = 0;
    std::size_t index = 0;
  };

  /// An item that was taken, and waits to be kept.
  struct taken_item {
    std::size_t index = 0;
    value params;
  };

  /// A sub-flow that died, and goes on from its last commit once all that it
  /// has given to the store is there.
  struct lost_child {
    std::size_t index = 0;
    value params;
    std::uint32_t deaths = 0;
  };

  item_source begin_items();
  bool take_former_end();
  bool start_next();
  void start_item(std::size_t index, const value& item);
  void keep_taken();
  void keep_end(const branch_end& how);
  std::uint32_t free_place();
  void place(placement& elsewhere, const flow_graph& body, std::size_t index,
             value params);
  std::optional<value> next_item();
  void spawn(const flow_graph& body, std::size_t index, value params,
             std::uint32_t deaths, std::shared_ptr<resume_point> from);
  [[nodiscard]] const flow_graph& body_of(std::size_t index) const;
  void respawn(const flow_supervisor& dead, std::uint32_t deaths);
  void wait_for_lost();
  void respawn_kept();
  void end_unstarted(std::size_t index);
  void cancel_children() noexcept;
  void merge_ready();
  void merge_one(const branch_end& ended);

  flow_supervisor& owner_;
  /// Null unless the run is durable.
  durable_part* const durable_;
  const fan_out_spec& model_;
  /// Made beforehand: stopping must not fail.
  const caf::intrusive_ptr<cancel_order> cancel_;
  fan_out_progress progress_;
  /// The state from which each sub-flow starts; in a sequence, the present one.
  const state base_;
  item_source source_;
  std::vector<child> children_;
  std::vector<std::uint32_t> free_places_;
  std::unordered_map<std::uint32_t, placed_child> placed_;
  /// Copies of `base_` for other processes share one object, by which they
  /// know that it is the same snapshot.
  std::shared_ptr<const state> snapshot_;
  merger merger_;
  std::vector<taken_item> taken_;
  std::vector<lost_child> lost_;
  /// The first of them, whose commits are awaited.
  std::size_t lost_awaited_ = 0;
  /// All items up to there are in the store.
  std::size_t kept_ = 0;
  bool cancelled_ = false;
  /// Items ended because the run is put away: the next life runs them.
  bool is_cut_short_ = false;
};

}  // namespace troupe::detail
