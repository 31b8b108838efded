#include "threads/start_thread.hpp"

#include <troupe/error.hpp>
#include <troupe/interrupts.hpp>

#include <cassert>
#include <cstdlib>
#include <utility>

namespace troupe {

namespace {

[[noreturn]] void end_by(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigaddset(&none, signal);
  pthread_sigmask(SIG_UNBLOCK, &none, nullptr);
  raise(signal);
  // Not reached: the default is to end.
  std::_Exit(1);
}

}  // namespace

interrupts::interrupts() {
  sigemptyset(&which_);
  sigaddset(&which_, SIGINT);
  sigaddset(&which_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &which_, &before_);
}

interrupts::~interrupts() {
  is_over_ = true;
  if (watching_.joinable()) {
    // It waits for that one as for the other, and is not ended by it.
    pthread_kill(watching_.native_handle(), SIGINT);
    watching_.join();
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void interrupts::on_first(std::function<void()> stop) {
  if (watching_.joinable()) {
    throw error{errc::bad_flow, "interrupts: on_first was called twice"};
  }
  watching_ = detail::start_thread(
      "interrupts", [this, stop = std::move(stop)] { watch(stop); });
}

void interrupts::watch(const std::function<void()>& stop) {
  for (;;) {
    int came = 0;
    if (sigwait(&which_, &came) != 0) continue;
    if (is_over_) return;
    if (signal_.exchange(came) != 0) end_by(came);
    stop();
  }
}

void interrupts::end_program() const {
  assert(came());
  end_by(signal_);
}

}  // namespace troupe
