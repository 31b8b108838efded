#include "sharing/keyed_router.hpp"

#include "core/system_core.hpp"

#include <vector>

namespace troupe::remote {

// -- orders -------------------------------------------------------------------

keyed_order::~keyed_order() {
  if (!who_.target) return;
  keyed_reply lost;
  lost.failure.emplace(errc::shut_down,
                       "the actor was destroyed before it answered");
  answer(std::move(lost));
}

void keyed_order::answer(keyed_reply reply) {
  const auto who = std::exchange(who_, {});
  if (!who.target) return;
  who(caf::make_counted<detail::answer_of<keyed_reply>>(std::move(reply)));
}

// -- directory ----------------------------------------------------------------

void keyed_directory::deliver(const std::string& key, keyed_order_ptr order) {
  const std::lock_guard lock{mutex_};
  if (is_closed_) {
    throw error{errc::shut_down, "the actors are being destroyed"};
  }
  auto known = entries_.find(key);
  if (known == entries_.end()) {
    if (entries_.size() >= options_.keys_max) {
      throw error{errc::overloaded, "more than keys_max (" +
                                        std::to_string(options_.keys_max) +
                                        ") keys have an actor"};
    }
    auto host = detail::spawn_lite<keyed_router>(core_.at(), nullptr, core_,
                                                 shared_from_this(), key);
    known = entries_.emplace(key, entry{std::move(host)}).first;
  }
  auto& to = known->second;
  if (to.messages >= options_.messages_max) {
    throw error{errc::overloaded, "more than messages_max (" +
                                      std::to_string(options_.messages_max) +
                                      ") messages wait for '" + key + "'"};
  }
  ++to.messages;
  // Under the lock, so that a host that is forgotten has none on its way.
  send_to(*to.host, keyed_router::deliver{std::move(order)});
}

bool keyed_directory::on_answered(const std::string& key) {
  const std::lock_guard lock{mutex_};
  const auto known = entries_.find(key);
  return known == entries_.end() || --known->second.messages == 0;
}

bool keyed_directory::forget_idle(const std::string& key) {
  const std::lock_guard lock{mutex_};
  const auto known = entries_.find(key);
  if (known == entries_.end()) return true;
  if (known->second.messages > 0) return false;
  entries_.erase(known);
  return true;
}

void keyed_directory::forget(const std::string& key,
                             const keyed_router& host) noexcept {
  const std::lock_guard lock{mutex_};
  const auto known = entries_.find(key);
  if (known != entries_.end() && known->second.host == &host) {
    entries_.erase(known);
  }
}

void keyed_directory::close() noexcept {
  decltype(entries_) left;
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    left.swap(entries_);
  }
  for (const auto& [key, each] : left) {
    send_to(*each.host, keyed_router::stop{});
  }
}

std::size_t keyed_directory::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

// -- host ---------------------------------------------------------------------

keyed_router::keyed_router(caf::actor_config& config, detail::home& at,
                           detail::system_core& core,
                           std::shared_ptr<keyed_directory> directory,
                           std::string key)
    : fiber_actor(config, at, core),
      directory_(std::move(directory)),
      key_(std::move(key)) {}

void keyed_router::on(deliver sent) {
  waiting_.push_back(std::move(sent.order));
  go_on();
}

void keyed_router::on_fibers() {
  if (!std::exchange(is_done_, false)) return;
  settle();
  go_on();
}

void keyed_router::on_timer(detail::wake_key key) {
  if (key.generation != idle_round_) return;
  // Before the key is free, as another may be made for it at once. If a message
  // is on its way here, it is this host that makes the next.
  actor_.reset();
  if (directory_->forget_idle(key_)) quit();
}

void keyed_router::on_stop(const caf::error&) noexcept {
  cancel_timer(idle_timer_);
  work_.reset();
  actor_.reset();
  // After the actor, which is the only one of its key, and before the answers:
  // who gets one may ask again.
  directory_->forget(key_, *this);
  current_.reset();
  waiting_.clear();
}

void keyed_router::go_on() {
  while (!current_ && !waiting_.empty()) {
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    if (begin()) settle();
  }
}

bool keyed_router::begin() {
  // A timer that is under way is about the time before this message.
  ++idle_round_;
  cancel_timer(std::exchange(idle_timer_, 0));
  if (current_->is_gone()) {
    settle(keyed_reply{});
    return false;
  }
  try {
    if (!actor_) actor_ = directory_->make(key_);
    work_ = actor_->receive(std::move(current_->message));
    return work_.start(*this, this);
  } catch (...) {
    keyed_reply failed;
    failed.failure = error::from(std::current_exception());
    settle(std::move(failed));
    return false;
  }
}

void keyed_router::settle() {
  keyed_reply made;
  try {
    made.body = work_.take();
  } catch (...) {
    made.failure = error::from(std::current_exception());
  }
  work_.reset();
  settle(std::move(made));
}

void keyed_router::settle(keyed_reply reply) {
  const bool was_last = directory_->on_answered(key_);
  std::exchange(current_, nullptr)->answer(std::move(reply));
  if (!was_last) return;
  const auto span = directory_->options().idle_max;
  idle_timer_ = wake_at(after(now(), span), {own_timer, idle_round_});
}

}  // namespace troupe::remote
