#include "actor/deferred_start.hpp"

#include <utility>

namespace troupe::detail {

bool deferred_start::take_back() noexcept {
  if (list_ == nullptr) return false;
  // Freed after the lock, as it may be the last reference.
  std::shared_ptr<deferred_start> taken;
  const std::lock_guard lock{list_->mutex_};
  if (self_ == nullptr) return false;
  taken = list_->unlink(*this);
  return true;
}

deferred_starts::~deferred_starts() {
  while (take(time_point::max())) {
  }
}

void deferred_starts::add(std::shared_ptr<deferred_start> added) noexcept {
  auto& entry = *added;
  entry.list_ = this;
  entry.since_ = clock::steady().now();
  const std::lock_guard lock{mutex_};
  entry.self_ = std::move(added);
  entry.before_ = last_;
  (last_ != nullptr ? last_->after_ : first_) = &entry;
  last_ = &entry;
  added_.fetch_add(1);
  size_.fetch_add(1);
}

std::shared_ptr<deferred_start> deferred_starts::take(
    time_point latest) noexcept {
  if (size_.load() == 0) return nullptr;
  const std::lock_guard lock{mutex_};
  if (first_ == nullptr || first_->since_ > latest) return nullptr;
  return unlink(*first_);
}

bool deferred_starts::is_due(time_point latest) noexcept {
  if (size_.load() == 0) return false;
  const std::lock_guard lock{mutex_};
  return first_ != nullptr && first_->since_ <= latest;
}

std::shared_ptr<deferred_start> deferred_starts::unlink(
    deferred_start& which) noexcept {
  (which.before_ != nullptr ? which.before_->after_ : first_) = which.after_;
  (which.after_ != nullptr ? which.after_->before_ : last_) = which.before_;
  which.before_ = nullptr;
  which.after_ = nullptr;
  size_.fetch_sub(1);
  return std::exchange(which.self_, nullptr);
}

}  // namespace troupe::detail
