#include "old_caf/actor_clock_wheel.hpp"

#if !TROUPE_CAF_1

#include "threads/insist.hpp"
#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/clock.hpp>

#include <caf/detail/set_thread_name.hpp>
#include <caf/logger.hpp>

#include <utility>

namespace troupe::detail {

struct actor_clock_wheel::event {
  kind what;
  // The receiver, or the sender to a group.
  caf::strong_actor_ptr actor = {};
  caf::atom_value type{};
  std::uint64_t number = 0;
  caf::mailbox_element_ptr element = {};
  caf::group target = {};
  caf::message content = {};

  timer_id timer = {};
  // The timeouts of one actor are a list, so that its end is quick.
  event* next = nullptr;
  event* previous = nullptr;

  [[nodiscard]] bool is_timeout() const {
    return what == kind::ordinary || what == kind::multi ||
           what == kind::request;
  }
};

namespace {

constexpr std::size_t batch_size = 256;

}  // namespace

/// Events that were taken out. Destroyed without the lock, as everywhere here:
/// an actor that ends with its last timeout calls back. Needs no memory.
class actor_clock_wheel::dropped_events {
 public:
  dropped_events() = default;
  dropped_events(const dropped_events&) = delete;
  dropped_events& operator=(const dropped_events&) = delete;
  ~dropped_events() {
    while (first_ != nullptr) {
      const event_ptr each{std::exchange(first_, first_->next)};
    }
  }

  void add(event_ptr what) noexcept {
    what->next = first_;
    first_ = what.release();
  }

 private:
  event* first_ = nullptr;
};

actor_clock_wheel::actor_clock_wheel() : wheel_{troupe::clock::steady().now()} {
  due_.reserve(batch_size);
}

actor_clock_wheel::~actor_clock_wheel() { stop(); }

void actor_clock_wheel::start(caf::actor_system& system) {
  thread_ = start_thread("the clock of actors", [this, &system] {
    CAF_SET_LOGGER_SYS(&system);
    caf::detail::set_thread_name("troupe.clock");
    system.thread_started();
    loop();
    system.thread_terminates();
  });
}

void actor_clock_wheel::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  cancel_all();
}

void actor_clock_wheel::set_ordinary_timeout(time_point due,
                                             caf::abstract_actor* self,
                                             caf::atom_value type,
                                             std::uint64_t id) {
  cancel_ordinary_timeout(self, type);
  arm(due, event_ptr{new event{.what = kind::ordinary,
                               .actor = self->ctrl(),
                               .type = type,
                               .number = id}});
}

void actor_clock_wheel::set_multi_timeout(time_point due,
                                          caf::abstract_actor* self,
                                          caf::atom_value type,
                                          std::uint64_t id) {
  arm(due, event_ptr{new event{.what = kind::multi,
                               .actor = self->ctrl(),
                               .type = type,
                               .number = id}});
}

void actor_clock_wheel::set_request_timeout(time_point due,
                                            caf::abstract_actor* self,
                                            caf::message_id id) {
  arm(due, event_ptr{new event{.what = kind::request,
                               .actor = self->ctrl(),
                               .number = id.integer_value()}});
}

void actor_clock_wheel::cancel_ordinary_timeout(caf::abstract_actor* self,
                                                caf::atom_value type) {
  cancel(self, [type](const event& each) {
    return each.what == kind::ordinary && each.type == type;
  });
}

void actor_clock_wheel::cancel_request_timeout(caf::abstract_actor* self,
                                               caf::message_id id) {
  cancel(self, [number = id.integer_value()](const event& each) {
    return each.what == kind::request && each.number == number;
  });
}

void actor_clock_wheel::cancel_timeouts(caf::abstract_actor* self) {
  cancel(self, [](const event&) { return true; });
}

void actor_clock_wheel::schedule_message(time_point due,
                                         caf::strong_actor_ptr receiver,
                                         caf::mailbox_element_ptr content) {
  arm(due, event_ptr{new event{.what = kind::message,
                               .actor = std::move(receiver),
                               .element = std::move(content)}});
}

void actor_clock_wheel::schedule_message(time_point due, caf::group target,
                                         caf::strong_actor_ptr sender,
                                         caf::message content) {
  arm(due, event_ptr{new event{.what = kind::group_message,
                               .actor = std::move(sender),
                               .target = std::move(target),
                               .content = std::move(content)}});
}

void actor_clock_wheel::cancel_all() {
  bool is_last = false;
  while (!is_last) {
    dropped_events dropped;
    const std::lock_guard lock{mutex_};
    is_last = wheel_.clear(
        [&](event_ptr&& each) {
          forget(*each);
          dropped.add(std::move(each));
        },
        batch_size);
  }
}

std::size_t actor_clock_wheel::pending() const {
  const std::lock_guard lock{mutex_};
  return wheel_.size();
}

void actor_clock_wheel::arm(time_point due, event_ptr what) {
  bool is_earlier = false;
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) {
      return;
    }
    auto& armed = *what;
    armed.timer = wheel_.arm(due, std::move(what));
    if (armed.is_timeout()) {
      auto& first = of_actor_[armed.actor->id()];
      armed.next = std::exchange(first, &armed);
      if (armed.next != nullptr) {
        armed.next->previous = &armed;
      }
      has_timeouts_.store(true, std::memory_order_relaxed);
    }
    is_earlier = due < next_look_;
    if (is_earlier) {
      next_look_ = due;
    }
  }
  if (is_earlier) {
    changed_.notify_one();
  }
}

template <class Predicate>
void actor_clock_wheel::cancel(caf::abstract_actor* self, Predicate matches) {
  // An actor sees the timeouts that it set itself, so relaxed will do.
  if (!has_timeouts_.load(std::memory_order_relaxed)) {
    return;
  }
  dropped_events dropped;
  const std::lock_guard lock{mutex_};
  const auto found = of_actor_.find(self->id());
  for (auto* each = found == of_actor_.end() ? nullptr : found->second;
       each != nullptr;) {
    auto* next = each->next;
    if (matches(*each)) {
      forget(*each);
      dropped.add(*wheel_.remove(each->timer));
    }
    each = next;
  }
}

void actor_clock_wheel::forget(event& what) {
  if (!what.is_timeout()) {
    return;
  }
  if (what.next != nullptr) {
    what.next->previous = what.previous;
  }
  if (what.previous != nullptr) {
    what.previous->next = what.next;
  } else if (what.next != nullptr) {
    of_actor_[what.actor->id()] = what.next;
  } else {
    of_actor_.erase(what.actor->id());
    has_timeouts_.store(!of_actor_.empty(), std::memory_order_relaxed);
  }
}

void actor_clock_wheel::fire(event& what) {
  switch (what.what) {
    case kind::ordinary:
    case kind::multi:
      insist([&] {
        what.actor->get()->eq_impl(caf::make_message_id(), what.actor, nullptr,
                                   caf::timeout_msg{what.type, what.number});
      });
      break;
    case kind::request:
      insist([&] {
        what.actor->get()->eq_impl(caf::message_id{what.number}, what.actor,
                                   nullptr,
                                   caf::make_error(caf::sec::request_timeout));
      });
      break;
    case kind::message:
      what.actor->enqueue(std::move(what.element), nullptr);
      break;
    case kind::group_message:
      insist([&] {
        what.target->eq_impl(caf::make_message_id(), what.actor, nullptr,
                             what.content);
      });
      break;
  }
}

void actor_clock_wheel::loop() {
  auto& due = due_;
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    const auto is_last = wheel_.advance(
        troupe::clock::steady().now(),
        [&](event_ptr&& each) {
          forget(*each);
          due.push_back(std::move(each));
        },
        batch_size);
    if (!due.empty()) {
      lock.unlock();
      for (auto& each : due) {
        fire(*each);
      }
      due.clear();
      lock.lock();
    }
    // It may have been stopped while the lock was free.
    if (is_last && !stopped_) {
      next_look_ = wheel_.next_look().value_or(time_point::max());
      troupe::detail::wait_at_most(lock, changed_, next_look_);
    }
  }
}

}  // namespace troupe::detail

#endif
