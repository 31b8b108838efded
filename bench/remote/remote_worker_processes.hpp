#pragma once

#include "remote/remote_worker.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::bench {

/// This program, started again so many times as a worker, for as long as this
/// lives.
class remote_worker_processes {
 public:
  /// Errors: throws `std::runtime_error` where one does not start.
  remote_worker_processes(std::size_t count, const remote_worker_options& how);
  remote_worker_processes(const remote_worker_processes&) = delete;
  remote_worker_processes& operator=(const remote_worker_processes&) = delete;
  ~remote_worker_processes();

  /// Of echo actors, their ports.
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const noexcept {
    return ports_;
  }

 private:
  struct child {
    pid_t process;
    int input;
    int output;
  };

  void start(const remote_worker_options& how);

  std::vector<child> children_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace troupe::bench
