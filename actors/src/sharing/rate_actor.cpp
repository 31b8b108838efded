#include "sharing/rate_actor.hpp"

#include "actor/timer_service.hpp"
#include "threads/insist.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

rate part_of(rate whole, double share) {
  whole.amount *= share;
  return whole;
}

/// One that refuses, unless a grant is put into it.
caf::intrusive_ptr<rate_answer> new_answer() noexcept {
  caf::intrusive_ptr<rate_answer> made;
  insist([&] { made = caf::make_counted<rate_answer>(std::nullopt); });
  return made;
}

}  // namespace

rate_grant::rate_grant(lite_ptr<rate_actor> from, double tokens) noexcept
    : from_(std::move(from)), tokens_(tokens) {}

rate_grant::rate_grant(rate_grant&&) noexcept = default;

rate_grant::~rate_grant() {
  if (from_) send_to(*from_, rate_message::give_back{tokens_});
}

void rate_grant::claim() noexcept { from_ = nullptr; }

rate_actor::rate_actor(caf::actor_config& config, home& at,
                       std::shared_ptr<timer_service> timers,
                       const rate_limit_options& options)
    : lite_actor(config, at),
      timers_(std::move(timers)),
      requests_(part_of(options.requests, options.share)),
      waiting_max_(options.waiting_max) {
  if (options.tokens) tokens_.emplace(part_of(*options.tokens, options.share));
}

void rate_actor::on(rate_message::acquire asked) {
  if (waiting_.size() < waiting_max_) {
    waiting_.push(std::move(asked.order));
  } else if (const auto who = asked.order->claim()) {
    (*who)(new_answer(), context());
  }
  let_through();
}

void rate_actor::on(rate_message::withdrawn) {
  waiting_.on_withdrawn();
  let_through();
}

void rate_actor::on(rate_message::correct said) {
  correct(said.unused);
  let_through();
}

void rate_actor::on(rate_message::give_back returned) {
  requests_.give_back(1);
  correct(returned.unused);
  let_through();
}

void rate_actor::on(rate_message::back_off asked) {
  const time_point now = timers_->now();
  requests_.back_off(now);
  if (tokens_) tokens_->back_off(now);
  if (asked.pause > duration::zero()) {
    requests_.pause(now, after(now, asked.pause));
  }
  let_through();
}

void rate_actor::on_timer_due(timer_due) {
  timer_ = {};
  let_through();
}

time_point rate_actor::ready_at(const rate_order& order) const noexcept {
  if (!tokens_ || order.tokens == 0) return requests_.ready_at();
  return std::max(requests_.ready_at(), tokens_->ready_at());
}

void rate_actor::let_through() {
  const time_point now = timers_->now();
  while (const auto* first = waiting_.first()) {
    const time_point ready = ready_at(*first);
    if (ready > now) {
      wake_at(ready);
      return;
    }
    auto granted = new_answer();
    const auto next = waiting_.take();
    if (!next) continue;
    const double tokens = next->order->tokens;
    requests_.take(now, 1);
    if (tokens_ && tokens > 0) tokens_->take(now, tokens);
    granted->value().emplace(lite_ptr<rate_actor>{this}, tokens);
    next->who(std::move(granted), context());
  }
}

void rate_actor::wake_at(time_point due) {
  if (timer_ && timer_due_ <= due) return;
  timers_->cancel(timer_);
  insist([&] { timer_ = timers_->arm(due, lite_ptr<lite_actor>{this}, 0, 0); });
  timer_due_ = due;
}

void rate_actor::correct(double unused) {
  if (!tokens_) return;
  if (unused > 0) {
    tokens_->give_back(unused);
  } else {
    tokens_->charge(timers_->now(), -unused);
  }
}

}  // namespace troupe::detail
