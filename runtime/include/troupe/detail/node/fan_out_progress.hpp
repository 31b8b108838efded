#pragma once

#include "troupe/delta.hpp"
#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/window.hpp"

#include <cassert>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// The end of one sub-flow, as its fan-out sees it.
struct branch_end {
  std::size_t index = 0;
  branch_outcome::kind how = branch_outcome::kind::cancelled;
  /// The last action, if it finished.
  troupe::action action{};
  /// The failure, if it failed.
  std::shared_ptr<const error> failure{};
  /// The writes of its committed steps.
  delta wrote{};
};

/// The progress of a fan-out as a value: which items have begun, which have
/// ended, which are merged, and what that means for the whole. It is told what
/// happened; whoever owns it starts, merges and cancels.
///
/// Sub-flows end in any order and are merged in the order of the items: an end
/// waits here for those before it. Each item counts once, whatever becomes of
/// the actors that work on it.
///
/// Invariants, which `check` asserts: the items before `merged()` are merged;
/// those from there to `started()` run, or wait to be merged; there are as many
/// ends as the window counts; at the end nothing waits.
///
/// Thread safety: confined to one actor or task.
class fan_out_progress {
 public:
  /// `total` is the number of items where it is known beforehand.
  /// Refers to `model` as long as it lives. @pre its concurrency is at least 1
  fan_out_progress(const fan_out_spec& model, std::optional<std::size_t> total);

  // -- properties ------------------------------------------------------------

  /// Items begun so far, which is the index of the next one.
  [[nodiscard]] std::size_t started() const noexcept {
    return window_.started();
  }
  /// Items merged so far.
  [[nodiscard]] std::size_t merged() const noexcept { return merged_; }
  /// Returns whether another item may begin now.
  [[nodiscard]] bool has_room() const noexcept { return window_.has_room(); }
  /// Returns whether those still at work are to be cancelled.
  [[nodiscard]] bool is_stopping() const noexcept {
    return window_.is_stopping();
  }
  /// Returns whether nothing is at work and nothing more will begin.
  [[nodiscard]] bool is_over() const noexcept { return window_.is_over(); }
  /// Returns whether the whole has failed. @pre `is_over()`
  [[nodiscard]] bool has_failed() const noexcept {
    assert(is_over());
    return window_.has_failed();
  }
  /// The failure of the whole: the reason that decided it, not one that the
  /// policy forgave. `path` is that of the fan-out. @pre `has_failed()`
  [[nodiscard]] error reason(std::string_view path) const;
  /// The ends of the merged items, in their order; empty if the fan-out has no
  /// `post` that asks for them.
  [[nodiscard]] const std::vector<branch_outcome>& outcomes() const noexcept {
    return outcomes_;
  }

  // -- what happened ---------------------------------------------------------

  /// The next item begins. Returns its index. @pre `has_room()`
  std::size_t start();
  /// The next item began in an earlier life of the run, and has ended: its end
  /// is told next, by `on_ended`. Returns its index.
  std::size_t recall();
  /// There are no more items.
  void on_exhausted() { window_.on_exhausted(); }
  /// An item has ended. @pre it is at work
  void on_ended(branch_end end);
  /// The end of the next item in order, which counts as merged from now on;
  /// nothing while that is at work.
  [[nodiscard]] std::optional<branch_end> take_next();
  /// Nothing more begins, and the whole counts as failed, unless it had been
  /// decided before.
  void stop() { window_.stop(); }
  /// The whole fails for a reason that is no failure of an item: the source of
  /// the items, or a conflict.
  void refuse(error why);

  /// Asserts the invariants, for tests and for what comes from a store.
  void check() const;

 private:
  const fan_out_spec* model_;
  window window_;
  /// Ends that wait for those before them; the first is that of `merged_`.
  std::deque<std::optional<branch_end>> waiting_;
  std::size_t merged_ = 0;
  std::vector<branch_outcome> outcomes_;
  /// The failure of the first of the items that failed.
  std::shared_ptr<const error> failure_;
  std::size_t failure_index_ = 0;
  /// Another reason for the whole to fail.
  std::shared_ptr<const error> refused_by_;
};

}  // namespace troupe::detail
