#include "summarize/interrupts.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace summarize {

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
  signals_ = signalfd(-1, &which_, SFD_CLOEXEC);
  over_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || over_ < 0) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot wait for signals");
  }
  pthread_sigmask(SIG_BLOCK, &which_, &before_);
}

interrupts::~interrupts() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto told = write(over_, &one, sizeof one);
  if (watching_.joinable()) watching_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  close(over_);
  close(signals_);
}

void interrupts::on_first(std::function<void()> stop) {
  watching_ = std::thread([this, stop = std::move(stop)] { watch(stop); });
}

void interrupts::watch(const std::function<void()>& stop) {
  for (;;) {
    std::array<pollfd, 2> files{{{signals_, POLLIN, 0}, {over_, POLLIN, 0}}};
    if (poll(files.data(), files.size(), -1) < 0) continue;
    if (files[1].revents != 0) return;
    signalfd_siginfo came{};
    if (read(signals_, &came, sizeof came) != sizeof came) continue;
    if (signal_.exchange(static_cast<int>(came.ssi_signo)) != 0) {
      end_by(static_cast<int>(came.ssi_signo));
    }
    stop();
  }
}

void interrupts::end_program() const { end_by(signal_); }

}  // namespace summarize
