#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::bench {

/// A `model_server` in a process of its own, for as long as this lives.
class model_server_process {
 public:
  /// Errors: throws `std::runtime_error` where it does not start.
  explicit model_server_process(std::vector<std::string> arguments);
  model_server_process(const model_server_process&) = delete;
  model_server_process& operator=(const model_server_process&) = delete;
  ~model_server_process();

  /// "http://127.0.0.1:8000/v1".
  [[nodiscard]] const std::string& base_url() const noexcept { return url_; }

  /// The counts of the server since the last request for them.
  struct counts {
    std::size_t accepted = 0;
    std::size_t rejected = 0;
    std::size_t rejected_after_first_second = 0;
    std::size_t in_flight_max = 0;
  };
  [[nodiscard]] counts take_counts() const;

 private:
  pid_t process_ = -1;
  int input_ = -1;
  std::string url_;
};

/// Lets this process have as many files open as it may.
void raise_limit_of_files();

}  // namespace troupe::bench
