#pragma once

#include <troupe/action.hpp>
#include <troupe/delta.hpp>
#include <troupe/detail/node/position.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::detail {

/// The changes that one step made to its run, all at once.
struct committed_step {
  /// The id of the run, or of the sub-flow.
  std::string run;
  /// The step, counted from 0 within its run or sub-flow.
  std::uint64_t step = 0;
  delta wrote{};
  troupe::action action{};
  /// The place of the run, or the sub-flow, after it.
  position then{};
};

/// The writes of a sub-flow, as they became a part of the flow around it.
struct committed_branch {
  /// The id of the run or the sub-flow that has the fan-out, and its step.
  std::string run;
  std::uint64_t step = 0;
  std::size_t index = 0;
  delta wrote;
};

/// A listener to the commits of a run. Each supervisor of the run calls it, one
/// commit after the other; those of sub-flows do so side by side.
///
/// Thread safety: internally synchronised.
class step_journal {
 public:
  virtual ~step_journal() = default;
  virtual void on_step(committed_step what) = 0;
  virtual void on_branch(committed_branch what) = 0;
};

}  // namespace troupe::detail
