#pragma once

#include "core/run_core.hpp"

#include <troupe/machine.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe::detail {

struct branch_start;
class flow_supervisor;

/// The descent of what one supervisor runs, from which the names of its steps
/// follow. It is a whole run, a part of a run in another process (a sub-flow,
/// or one attempt of a node), or a sub-flow of a fan-out in this one.
///
/// Thread safety: immutable.
class lineage {
 public:
  explicit lineage(std::shared_ptr<run_core> run);
  lineage(flow_supervisor& parent, const branch_start& start);
  ~lineage();

  [[nodiscard]] const std::shared_ptr<run_core>& run() const noexcept {
    return run_;
  }
  /// The supervisor whose fan-out this is a sub-flow of; null for others.
  [[nodiscard]] flow_supervisor* parent() const noexcept {
    return parent_.get();
  }
  /// The position among the items of that fan-out.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  /// The position in that fan-out's table of sub-flows at work.
  [[nodiscard]] std::uint32_t place() const noexcept { return place_; }
  /// Returns whether it is a run of its own, no part of another one.
  [[nodiscard]] bool is_whole_run() const noexcept {
    return parent_ == nullptr && origin() == nullptr;
  }
  /// Returns whether it is a part of a run in another process, which hears of
  /// its end.
  [[nodiscard]] bool is_part_of_run_elsewhere() const noexcept {
    return origin() != nullptr;
  }

  /// The id of the run, or of the sub-flow.
  [[nodiscard]] std::string id() const;
  /// The address of its entries in the log of the run.
  [[nodiscard]] std::string address() const;
  /// The path, the number and the seed of the step at which `at` stands. An
  /// attempt for another process has those of its step there.
  [[nodiscard]] std::string node_path(const machine& at) const;
  [[nodiscard]] std::uint64_t step(const machine& at) const noexcept;
  [[nodiscard]] std::uint64_t seed(const machine& at) const noexcept;

 private:
  /// Its place in a run of another process; null if it is no part of one. A
  /// sub-flow here of such a part counts from itself.
  [[nodiscard]] const work_origin* origin() const noexcept {
    return parent_ ? nullptr : run_->origin();
  }
  [[nodiscard]] bool is_attempt_for_another() const noexcept {
    return origin() != nullptr && !origin()->node_path.empty();
  }

  const std::shared_ptr<run_core> run_;
  const lite_ptr<flow_supervisor> parent_;
  const std::size_t index_ = 0;
  const std::uint32_t place_ = 0;
};

}  // namespace troupe::detail
