#pragma once

#include <string_view>

namespace troupe::detail {

/// Marks the calling thread as one that runs nodes, as long as it lives: what
/// waits there for a run may hold the thread that the run needs.
class node_thread {
 public:
  node_thread() noexcept { ++marks; }
  node_thread(const node_thread&) = delete;
  node_thread& operator=(const node_thread&) = delete;
  ~node_thread() { --marks; }

  /// Errors: throws a permanent `errc::request_failed` on such a thread: `call`
  /// is what would wait, `instead` what to write.
  static void refuse_wait(std::string_view call, std::string_view instead);

 private:
  static constinit thread_local unsigned marks;
};

}  // namespace troupe::detail
