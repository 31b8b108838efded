#include "troupe/detail/node/fan_out_progress.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace troupe::detail {

fan_out_progress::fan_out_progress(const fan_out_spec& model,
                                   std::optional<std::size_t> total)
    : model_(&model), window_(model.on_failure, model.concurrency, total) {
  assert(model.concurrency >= 1);
}

std::size_t fan_out_progress::start() {
  assert(has_room());
  window_.on_started();
  return window_.started() - 1;
}

std::size_t fan_out_progress::recall() {
  window_.on_recalled();
  return window_.started() - 1;
}

void fan_out_progress::on_ended(branch_end end) {
  assert(end.index >= merged_ && end.index < started());
  const std::size_t at = end.index - merged_;
  // First, as it may fail: what is counted has its end here.
  if (waiting_.size() <= at) waiting_.resize(at + 1);
  assert(!waiting_[at]);
  switch (end.how) {
    case branch_outcome::kind::finished:
      window_.on_finished();
      break;
    case branch_outcome::kind::failed:
      if (!failure_ || end.index < failure_index_) {
        failure_ = end.failure;
        failure_index_ = end.index;
      }
      window_.on_failed();
      break;
    case branch_outcome::kind::cancelled:
      window_.on_cancelled();
      break;
  }
  waiting_[at] = std::move(end);
}

std::optional<branch_end> fan_out_progress::take_next() {
  if (waiting_.empty() || !waiting_.front()) return std::nullopt;
  if (model_->post) {
    const auto& end = *waiting_.front();
    outcomes_.push_back(
        {end.how, end.action,
         end.failure ? std::optional{*end.failure} : std::nullopt});
  }
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  ++merged_;
  return next;
}

// A sub-flow that has failed before decides.
void fan_out_progress::refuse(error why) {
  if (!window_.has_failed()) {
    refused_by_ = std::make_shared<const error>(std::move(why));
  }
  window_.refuse();
}

error fan_out_progress::reason(std::string_view path) const {
  assert(has_failed());
  const bool by_count =
      model_->on_failure.which() != failure_policy::kind::fail_fast;
  const auto& decisive = refused_by_ || by_count ? refused_by_ : failure_;
  if (decisive) {
    error why = *decisive;
    return why.inside(path);
  }
  std::string text = window_.reason();
  if (failure_) text += "; the first: " + failure_->describe();
  return error{errc::too_many_failures, std::move(text)};
}

void fan_out_progress::check() const {
  const auto ended = static_cast<std::size_t>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const auto& each) { return each.has_value(); }));
  assert(merged_ + waiting_.size() <= started());
  assert(merged_ + ended ==
         window_.finished() + window_.failed() + window_.cancelled());
  // The last that waits is an end, or it would not be there.
  assert(waiting_.empty() || waiting_.back());
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    assert(!waiting_[i] || waiting_[i]->index == merged_ + i);
  }
  assert(outcomes_.size() == (model_->post ? merged_ : 0));
  assert((window_.failed() > 0) == (failure_ != nullptr));
  assert(!refused_by_ || window_.has_failed());
  assert(!is_over() || merged_ + ended == started());
  static_cast<void>(ended);
}

}  // namespace troupe::detail
