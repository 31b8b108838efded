#include "http/http_actor.hpp"

#include <troupe/clock.hpp>

#include <chrono>
#include <utility>

namespace troupe::detail {

void http_actor::on(http_message::close) {
  transfers_.close();
  quit();
}

struct http_thread::shared {
  shared(caf::actor_system& system, const http_options& options)
      : driven(options),
        turns(system, turn_quantum, [this] { driven.wake(); }),
        at{.system = system, .queue = &turns} {}

  void run(http_actor& actor) {
    while (!is_stopping.load(std::memory_order_acquire)) {
      turns.run();
      driven.run();
    }
    finish_unattended();
    // An exchange refers to the actor that waits for it, which may refer to
    // the client: what is left here would keep itself alive.
    send_to(actor, http_message::close{});
    turns.run();
  }

  /// Sends requests that nobody waits for, as far as that goes at once.
  void finish_unattended() {
    constexpr duration limit = std::chrono::milliseconds{300};
    const auto end = after(clock::steady().now(), limit);
    turns.run();
    while (driven.has_unattended() && clock::steady().now() < end) {
      driven.run(end);
    }
  }

  void stop() {
    is_stopping.store(true, std::memory_order_release);
    driven.wake();
  }

  static constexpr std::size_t turn_quantum = 256;

  transfers driven;
  troupe::detail::manual_queue turns;
  troupe::detail::home at;
  std::atomic<bool> is_stopping{false};
};

http_thread::http_thread(troupe::detail::system_core& core,
                         const http_options& options)
    : threads_(core.threads()),
      shared_(std::make_shared<shared>(core.at().system, options)),
      actor_(troupe::detail::spawn_lite<http_actor>(shared_->at, nullptr,
                                                    shared_->driven)),
      thread_(threads_->start(
          [mine = shared_, actor = actor_] { mine->run(*actor); },
          [mine = shared_] { mine->stop(); })) {}

http_thread::~http_thread() { threads_->end(thread_); }

}  // namespace troupe::detail
