// The part of a fan-out that goes on with sub-flows whose actors have died.

#include "run/fan_out.hpp"
#include "run/flow_supervisor.hpp"

#include <troupe/store/resume_point.hpp>

#include <cstddef>
#include <exception>
#include <map>
#include <utility>

namespace troupe::detail {

void fan_out_run::on_lost(std::uint32_t place) {
  const auto& lost = children_[place];
  auto made = caf::make_counted<branch_result>();
  made->place = place;
  made->died = true;
  auto& end = made->end;
  end.index = lost.actor->index();
  end.how = branch_outcome::kind::failed;
  error why = died_for_want_of_memory();
  end.failure =
      std::make_shared<const error>(std::move(why.at_item(end.index)));
  on_result(std::move(made));
}

const flow_graph& fan_out_run::body_of(std::size_t index) const {
  return *(model_.items ? model_.bodies.front() : model_.bodies[index]);
}

void fan_out_run::respawn(const flow_supervisor& dead, std::uint32_t deaths) {
  if (durable_ == nullptr) {
    spawn(body_of(dead.index()), dead.index(), dead.params(), deaths, nullptr);
    return;
  }
  lost_.push_back({dead.index(), dead.params(), deaths});
  wait_for_lost();
}

// Steps that it has committed are not done again, and neither are effects whose
// ends are in the store.
void fan_out_run::wait_for_lost() {
  if (lost_.empty() || durable_->is_waiting()) return;
  lost_awaited_ = lost_.size();
  durable_->wait_for_all();
}

void fan_out_run::respawn_kept() {
  if (lost_awaited_ == 0) return;
  const auto count =
      static_cast<std::ptrdiff_t>(std::exchange(lost_awaited_, 0));
  const std::vector<lost_child> ready{lost_.begin(), lost_.begin() + count};
  lost_.erase(lost_.begin(), lost_.begin() + count);
  std::map<std::uint64_t, std::shared_ptr<resume_point>> known;
  try {
    known = durable_->read_branches();
  } catch (...) {
    fail(error::from(std::current_exception()));
  }
  for (const auto& each : ready) {
    if (progress_.is_stopping()) {
      end_unstarted(each.index);
      continue;
    }
    const auto found = known.find(each.index);
    spawn(body_of(each.index), each.index, each.params, each.deaths,
          found == known.end() ? nullptr : found->second);
  }
}

}  // namespace troupe::detail
