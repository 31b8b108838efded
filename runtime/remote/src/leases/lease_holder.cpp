#include "leases/lease_holder.hpp"

#include <cassert>

namespace troupe::detail {

bool lease_holder::take(lease given) {
  if (running_ >= capacity_ || held_.size() - running_ >= finished_max_) {
    return false;
  }
  const bool is_new = held_.emplace(given, phase::running).second;
  if (is_new) ++running_;
  return is_new;
}

bool lease_holder::finish(lease done) {
  const auto known = held_.find(done);
  if (known == held_.end() || known->second != phase::running) return false;
  known->second = phase::finished;
  --running_;
  return true;
}

void lease_holder::acknowledge(lease done) {
  const auto known = held_.find(done);
  if (known != held_.end() && known->second == phase::finished) {
    held_.erase(known);
  }
}

bool lease_holder::drop(lease taken_back) {
  const auto known = held_.find(taken_back);
  if (known == held_.end()) return false;
  const bool was_running = known->second == phase::running;
  if (was_running) --running_;
  held_.erase(known);
  return was_running;
}

std::vector<lease> lease_holder::held() const {
  std::vector<lease> all;
  for (const auto& [each, at] : held_) all.push_back(each);
  return all;
}

std::vector<lease> lease_holder::unacknowledged() const {
  std::vector<lease> all;
  for (const auto& [each, at] : held_) {
    if (at == phase::finished) all.push_back(each);
  }
  return all;
}

void lease_holder::check() const {
  assert(running_ + unacknowledged().size() == held_.size());
  assert(running_ <= capacity_);
}

}  // namespace troupe::detail
