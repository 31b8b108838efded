// A server that ends in order when it is told to: SIGTERM cancels its runs, and
// the system waits for them. The program sends the signal to itself.

#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

troupe::flow service() {
  troupe::flow_builder flow{"service"};
  flow.add("serve", [](troupe::state&) -> troupe::task<> {
    ::kill(::getpid(), SIGTERM);
    co_await troupe::sleep_for(24h);
  });
  return flow.build();
}

}  // namespace

int main() {
  // region: shutdown
  troupe::interrupts interrupted;  // before all threads
  troupe::system_options options;
  options.shutdown_wait_max = 10s;
  const auto runtime = std::make_shared<troupe::system>(options);
  interrupted.on_first([weak = std::weak_ptr{runtime}] {
    // On a thread of its own, not in the signal handler.
    if (const auto system = weak.lock()) system->cancel_all("interrupted");
  });
  const auto end = runtime->start(service()).get();
  std::cout << (end.ok() ? "done" : end.failure->describe()) << "\n";
  // endregion
  std::cout << (interrupted.came() ? "was told to end" : "ended") << "\n";
}
