#include "dispatch/life_signs.hpp"

#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"
#include "wire/messages.hpp"

#include <new>

namespace troupe::remote {

life_signs::life_signs(duration every)
    : every_(every),
      thread_(detail::start_thread("signs of life", [this] { loop(); })) {}

life_signs::~life_signs() { end(); }

void life_signs::end() noexcept {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void life_signs::on_beat(const caf::actor& self, const caf::actor& supervisor,
                         time_point now, duration every) {
  const std::lock_guard lock{mutex_};
  self_ = self;
  supervisor_ = supervisor;
  last_ = now;
  every_ = every;
}

void life_signs::stop_telling() noexcept {
  const std::lock_guard lock{mutex_};
  self_ = nullptr;
  supervisor_ = nullptr;
}

void life_signs::loop() {
  std::unique_lock lock{mutex_};
  while (!is_ending_) {
    detail::wait_at_most(lock, changed_,
                         after(clock::steady().now(), every_ / 2));
    if (!supervisor_ || clock::steady().now() < after(last_, every_ / 2 * 3)) {
      continue;
    }
    const auto self = self_;
    const auto supervisor = supervisor_;
    lock.unlock();
    try {
      detail::enqueue(caf::actor_cast<caf::strong_actor_ptr>(supervisor),
                      caf::actor_cast<caf::strong_actor_ptr>(self),
                      caf::make_message_id(),
                      caf::make_message(wire::encode(
                          wire::message{wire::heard{wire::heard::only_lives}})),
                      nullptr);
    } catch (const std::bad_alloc&) {
      // The next sign may have memory.
    }
    lock.lock();
  }
}

}  // namespace troupe::remote
