#include "run/lineage.hpp"

#include "run/flow_supervisor.hpp"

#include <utility>

namespace troupe::detail {

lineage::lineage(std::shared_ptr<run_core> run) : run_(std::move(run)) {}

lineage::lineage(flow_supervisor& parent, const branch_start& start)
    : run_(parent.run().shared_from_this()),
      parent_(&parent),
      index_(start.index),
      place_(start.place) {}

lineage::~lineage() = default;

std::string lineage::id() const {
  return parent_ ? parent_->sub_flow_id(index_) : run_->id();
}

std::string lineage::address() const {
  return parent_ ? parent_->durable()->address_of(index_) : std::string{};
}

std::string lineage::node_path(const machine& at) const {
  return is_attempt_for_another() ? origin()->node_path : at.path();
}

std::uint64_t lineage::step(const machine& at) const noexcept {
  return at.step() + (origin() != nullptr ? origin()->step : 0);
}

std::uint64_t lineage::seed(const machine& at) const noexcept {
  return is_attempt_for_another() ? at.seed() : at.step_seed();
}

}  // namespace troupe::detail
