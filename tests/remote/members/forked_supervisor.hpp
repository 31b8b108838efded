#pragma once

#include "remote/members/cluster_room.hpp"
#include "remote/placed/placed_answer.hpp"

#include <troupe/remote/network.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_test {

/// A supervisor that is a process of its own, so that what others cost it can
/// be measured. To be made while this process has one thread.
class forked_supervisor {
 public:
  forked_supervisor() {
    int there[2];
    int back[2];
    if (pipe(there) != 0 || pipe(back) != 0 || (child_ = fork()) < 0) {
      throw std::runtime_error{"no process for a supervisor"};
    }
    if (child_ == 0) {
      close(there[1]);
      close(back[0]);
      serve(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    to_ = there[1];
    from_ = back[0];
    at_.port = static_cast<std::uint16_t>(next());
  }
  forked_supervisor(const forked_supervisor&) = delete;
  forked_supervisor& operator=(const forked_supervisor&) = delete;
  ~forked_supervisor() {
    close(to_);
    close(from_);
    int status = 0;
    waitpid(child_, &status, 0);
  }

  [[nodiscard]] const troupe::remote::endpoint& at() const { return at_; }
  [[nodiscard]] std::size_t workers() { return ask('w'); }
  /// Bytes of memory at its peak since the last call, beyond what it took at
  /// first.
  [[nodiscard]] std::size_t peak() { return ask('m'); }
  /// Starts a run that waits for a worker.
  void start_run() { static_cast<void>(ask('s')); }
  /// The number of the error that the oldest run ended with, or 0.
  [[nodiscard]] std::uint64_t finish_run() { return ask('f'); }

 private:
  static std::size_t from_status(const std::string& key) {
    std::ifstream status{"/proc/self/status"};
    std::string word;
    while (status >> word) {
      std::size_t kilobytes = 0;
      if (word == key && status >> kilobytes) return kilobytes << 10;
    }
    return 0;
  }
  static void forget_peak() { std::ofstream{"/proc/self/clear_refs"} << 5; }

  [[noreturn]] static void serve(int from, int to) {
    const auto say = [to](std::uint64_t number) {
      if (write(to, &number, sizeof number) != sizeof number) std::_Exit(1);
    };
    {
      cluster_room room{patient()};
      std::optional<troupe::run> run;
      const auto normal = from_status("VmRSS:");
      forget_peak();
      say(room.listener().at().port);
      for (char what = 0; read(from, &what, 1) == 1;) {
        if (what == 'w') say(room.listener().workers());
        if (what == 'm') {
          const auto peak = from_status("VmHWM:");
          say(peak > normal ? peak - normal : 0);
          forget_peak();
        }
        if (what == 's') {
          run = room.system().start(placed_node());
          say(0);
        }
        if (what == 'f') {
          const auto ended = room.finish(*run);
          say(ended.ok() ? 0
                         : static_cast<std::uint64_t>(ended.failure->code()));
        }
      }
    }
    std::_Exit(0);
  }

  std::uint64_t next() const {
    std::uint64_t number = 0;
    if (read(from_, &number, sizeof number) != sizeof number) {
      throw std::runtime_error{"the supervisor has died"};
    }
    return number;
  }
  std::uint64_t ask(char what) const {
    if (write(to_, &what, 1) != 1) {
      throw std::runtime_error{"the supervisor has died"};
    }
    return next();
  }

  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  troupe::remote::endpoint at_;
};

}  // namespace troupe_test
