#include "troupe/window.hpp"

#include <cassert>

namespace troupe::detail {

window::window(failure_policy policy, std::size_t width,
               std::optional<std::size_t> total)
    : policy_(policy), width_(width), total_(total) {
  assert(width_ > 0);
  decide();
}

bool window::has_room() const noexcept {
  return verdict_ == verdict::running && running() < width_ &&
         (!total_ || started_ < *total_);
}

bool window::is_over() const noexcept {
  return verdict_ != verdict::running && running() == 0;
}

std::string window::reason() const {
  if (verdict_ != verdict::failed) return {};
  std::string text = std::to_string(failed_) + " of " +
                     std::to_string(total_.value_or(started_)) +
                     " sub-flows failed";
  switch (policy_.which()) {
    case failure_policy::kind::quorum:
      text += ", " + std::to_string(policy_.count()) + " had to succeed";
      break;
    case failure_policy::kind::tolerate_count:
      text += ", at most " + std::to_string(policy_.count()) + " may fail";
      break;
    case failure_policy::kind::tolerate_share:
      text += ", at most a share of " + std::to_string(policy_.share()) +
              " may fail";
      break;
    default:
      break;
  }
  return text;
}

void window::on_started() {
  assert(has_room());
  ++started_;
}

void window::on_finished() {
  assert(running() > 0);
  ++finished_;
  decide();
}

void window::on_failed() {
  assert(running() > 0);
  ++failed_;
  decide();
}

void window::on_cancelled() {
  assert(running() > 0);
  ++cancelled_;
}

void window::on_exhausted() {
  total_ = started_;
  decide();
}

void window::stop() {
  if (verdict_ == verdict::running) verdict_ = verdict::failed;
}

void window::check() const {
  assert(finished_ + failed_ + cancelled_ <= started_);
  assert(running() <= width_);
  assert(!total_ || started_ <= *total_);
  assert(!has_room() || !is_stopping());
  assert(reason().empty() != has_failed());
}

void window::decide() {
  if (verdict_ != verdict::running) return;
  const bool all_ended = total_ && finished_ + failed_ >= *total_;
  switch (policy_.which()) {
    case failure_policy::kind::fail_fast:
      if (failed_ > 0) verdict_ = verdict::failed;
      break;
    case failure_policy::kind::collect:
      break;
    case failure_policy::kind::tolerate_count:
      if (failed_ > policy_.count()) verdict_ = verdict::failed;
      break;
    case failure_policy::kind::tolerate_share:
      if (total_ && static_cast<double>(failed_) >
                        policy_.share() * static_cast<double>(*total_)) {
        verdict_ = verdict::failed;
      }
      break;
    case failure_policy::kind::quorum:
      if (finished_ >= policy_.count()) {
        verdict_ = verdict::succeeded;
      } else if (total_ && *total_ - failed_ < policy_.count()) {
        verdict_ = verdict::failed;
      }
      break;
  }
  if (verdict_ == verdict::running && all_ended) verdict_ = verdict::succeeded;
}

}  // namespace troupe::detail
