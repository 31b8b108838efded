#pragma once

#include "replay/recorded_case.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::replay {

/// A supervisor in this process, and workers that are processes of their own:
/// this program, started again with `--serve` and the same files.
class worker_processes {
 public:
  /// Errors: throws `std::runtime_error` if they do not come, or where the
  /// program is built without workers.
  worker_processes(std::size_t count, const std::vector<std::string>& files);
  worker_processes(const worker_processes&) = delete;
  worker_processes& operator=(const worker_processes&) = delete;
  /// Ends them.
  ~worker_processes();

  /// Runs a case with every exec on a worker. What ran side by side is in no
  /// order.
  [[nodiscard]] std::optional<observation> run(const recorded_case& from) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Does the exec of all cases for the supervisor at HOST:PORT, until the
/// process is ended; that of the supervisor ends it.
void serve(const std::vector<recorded_case>& cases, const std::string& at);

}  // namespace troupe::replay
