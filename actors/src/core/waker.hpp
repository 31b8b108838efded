#pragma once

#include "actor/lite_actor.hpp"
#include "actor/payload.hpp"

#include <troupe/detail/fiber/fiber_owner.hpp>

#include <utility>

namespace troupe::detail {

/// The result of a wait. Dropped unread if the wait is over by then.
class answer : public payload {
 public:
  /// The value that the waiter's `receive` gets.
  virtual void* content() noexcept = 0;
  /// The same, for who knows what it is.
  template <class T>
  [[nodiscard]] T& content_as() noexcept {
    return *static_cast<T*>(content());
  }
};
using answer_ptr = caf::intrusive_ptr<answer>;

template <class T>
class answer_of final : public answer {
 public:
  explicit answer_of(T value) : value_(std::move(value)) {}
  void* content() noexcept override { return &value_; }
  [[nodiscard]] T& value() noexcept { return value_; }

 private:
  T value_;
};

/// The end of the wait with that key; `brought` may be null.
struct answered {
  wake_key key;
  answer_ptr brought;
};

/// An actor that waits, itself or by its coroutines.
class answer_receiver : public lite_actor {
 public:
  using messages = message_set<answered>;

  using lite_actor::lite_actor;

 protected:
  virtual void on_answer(wake_key key, answer* brought) = 0;

 private:
  friend class envelope;

  void on(const answered& came) { on_answer(came.key, came.brought.get()); }
};

/// Wakes one wait of one actor, from any thread.
struct waker {
  lite_ptr<answer_receiver> target;
  wake_key key;

  void operator()(answer_ptr brought = nullptr,
                  exec_ctx* from = nullptr) const noexcept {
    send_to(*target, answered{key, std::move(brought)}, from);
  }
};

}  // namespace troupe::detail
