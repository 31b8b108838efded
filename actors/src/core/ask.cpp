#include "core/fiber_actor.hpp"

#include <troupe/ask.hpp>

#include <string>

namespace troupe::detail {

namespace {

error failure_of(const caf::actor_system& system, const caf::actor& asked,
                 const reply& got) {
  if (got.died || ended_unanswered(asked, got.why)) {
    std::string text = "the actor ended before it answered";
    if (got.died && got.why) text += ": " + text_of(system, got.why);
    return error{errc::actor_died, std::move(text)};
  }
  return error{errc::request_failed,
               "the actor answered with an error: " + text_of(system, got.why)};
}

}  // namespace

request_wait::~request_wait() {
  if (owner_ == nullptr) return;
  owner_->forget(request_);
  owner_->cancel_timer(timer_);
}

void request_wait::begin(fiber_owner& host, wake_key key) {
  auto& owner = fiber_actor::of(host, "ask another actor");
  timer_ = owner.wake_at(after(owner.now(), limit_), key);
  request_ = owner.ask(to_, std::move(content_), key);
  owner_ = &owner;
}

// Called with null by the timer.
void request_wait::receive(void* answer) {
  auto* owner = std::exchange(owner_, nullptr);
  if (answer == nullptr) {
    owner->forget(request_);
    failure_.emplace(errc::timed_out,
                     "the actor did not answer within its time limit");
    return;
  }
  owner->cancel_timer(timer_);
  auto& got = *static_cast<reply*>(answer);
  if (got.died || got.why) {
    failure_ = failure_of(owner->at().system, to_, got);
  } else {
    content_ = std::move(got.content);
  }
}

caf::message request_wait::take() {
  if (failure_) throw error{*failure_};
  return std::move(content_);
}

void request_wait::refuse_answer() {
  throw error{errc::wrong_type,
              "the actor's answer does not have the type that was asked for"};
}

}  // namespace troupe::detail
