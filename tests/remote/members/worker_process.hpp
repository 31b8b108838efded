#pragma once

#include <troupe/flow.hpp>
#include <troupe/remote/network.hpp>

#include <atomic>
#include <csignal>
#include <mutex>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace troupe_test {

/// The flow that worker processes serve: each of its items waits for so many
/// milliseconds, but the item `killer`, which ends its process.
troupe::flow deadly_items(std::size_t items, std::size_t killer, int ms);

/// A worker that is a process of its own, and is started again whenever it has
/// died, as by a service manager. It is this program: see the test that
/// `worker_process_test.cpp` hides.
class worker_process {
 public:
  worker_process(const troupe::remote::endpoint& joins,
                 const troupe::remote::network_options& network = {}) {
    add("TROUPE_TEST_JOIN", joins.text());
    if (network.tls) {
      add("TROUPE_TEST_CERTIFICATE", network.tls->certificate);
      add("TROUPE_TEST_KEY", network.tls->key);
      add("TROUPE_TEST_AUTHORITIES", network.tls->authorities);
    }
    keeper_ = std::thread{[this] { keep(); }};
  }
  worker_process(const worker_process&) = delete;
  worker_process& operator=(const worker_process&) = delete;
  ~worker_process() {
    is_ending_ = true;
    kill_now();
    keeper_.join();
  }

  /// By SIGKILL.
  void kill_now() {
    const std::lock_guard lock{mutex_};
    if (child_ > 0) kill(child_, SIGKILL);
  }
  [[nodiscard]] int deaths() const { return deaths_; }

 private:
  void add(const std::string& name, const std::string& value) {
    environment_.push_back(name + "=" + value);
  }

  void keep() {
    while (!is_ending_) {
      const pid_t made = start();
      int status = 0;
      waitpid(made, &status, 0);
      const std::lock_guard lock{mutex_};
      child_ = -1;
      if (!is_ending_) ++deaths_;
    }
  }

  pid_t start() {
    std::vector<char*> words;
    std::vector<std::string> said{"remote_tests", "[worker_process]"};
    for (auto& each : said) words.push_back(each.data());
    words.push_back(nullptr);
    std::vector<char*> variables;
    for (auto& each : environment_) variables.push_back(each.data());
    for (char** each = environ; *each != nullptr; ++each) {
      variables.push_back(*each);
    }
    variables.push_back(nullptr);
    const std::lock_guard lock{mutex_};
    if (posix_spawn(&child_, "/proc/self/exe", nullptr, nullptr, words.data(),
                    variables.data()) != 0) {
      throw std::runtime_error{"no process for a worker"};
    }
    if (is_ending_) kill(child_, SIGKILL);
    return child_;
  }

  std::vector<std::string> environment_;
  std::mutex mutex_;
  pid_t child_ = -1;
  std::atomic<int> deaths_{0};
  std::atomic<bool> is_ending_{false};
  std::thread keeper_;
};

}  // namespace troupe_test
