// The part of a worker's end of a connection for what is shared: it brings
// calls to the supervisor, and messages of topics both ways.

#include "dispatch/worker_link.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/detail/placed/error_form.hpp>

#include <utility>

namespace troupe::remote {

void worker_link::on(call_message::call asked) {
  begin_call(std::move(asked.order));
  again();
}

void worker_link::on(call_message::end&& ended) {
  if (calls_.erase(ended.what.number) > 0) {
    out_.emplace_back(std::move(ended.what));
  }
  again();
}

void worker_link::on(const news_message::published& said) {
  if (has_said_hello_) news_.push(said.what->topic, said.what->body);
  again();
}

void worker_link::on(const news_message::topic_changed& said) {
  if (phase_ == phase::joined) {
    const bool is_heard = board_->news().is_heard(*said.topic);
    out_.emplace_back(wire::tune{*said.topic, is_heard});
  }
  again();
}

void worker_link::begin_call(call_order_ptr order) {
  // Messages behind the hello are heard if the worker is taken in; if not,
  // it is sent away.
  if (!has_said_hello_) {
    order->fail(errc::request_failed,
                "the worker is not connected to a supervisor");
    return;
  }
  if (calls_.size() >= peer_limits::calls) {
    order->fail(errc::overloaded,
                "the worker has too many calls to the supervisor at once");
    return;
  }
  out_.emplace_back(std::move(order->what));
  const auto number = order->number;
  calls_.emplace(number, std::move(order));
}

void worker_link::on_said(wire::answer& said) {
  const auto known = calls_.find(said.number);
  // One whose waiter is gone has been ended; the supervisor knows or will.
  if (known == calls_.end() || !known->second) return;
  const auto order = std::exchange(known->second, nullptr);
  if (!said.is_lent) calls_.erase(known);
  call_result result;
  // First: what goes wrong below gives it back.
  if (said.is_lent) result.with.emplace(order->lend());
  if (!said.failure.is_null()) {
    result.failure = detail::error_from(said.failure);
  }
  result.body = std::move(said.body);
  order->answer(std::move(result));
}

void worker_link::on_said(wire::news& said) {
  ++news_heard_;
  try {
    board_->news().deliver(said.topic, said.body, said.missed);
  } catch (const error& why) {
    // It is another worker's, and the supervisor passes on what it does not
    // read: neither of them is to be parted with here.
    options_.notice("invalid message of the topic '" + said.topic +
                    "': " + why.message());
  }
}

void worker_link::on_said(wire::heard& said) { news_.confirm(said.count); }

void worker_link::tune_all() {
  for (auto& each : board_->news().heard()) {
    out_.emplace_back(wire::tune{std::move(each), true});
  }
}

void worker_link::drop_shared(const std::string& why) {
  for (const auto& [number, order] : std::exchange(calls_, {})) {
    if (order) order->fail(errc::request_failed, why);
  }
  news_.clear();
  news_heard_ = 0;
}

void worker_link::add_news() {
  if (news_heard_ > 0) {
    out_.emplace_back(wire::heard{std::exchange(news_heard_, 0)});
  }
  news_.take(out_);
}

}  // namespace troupe::remote
