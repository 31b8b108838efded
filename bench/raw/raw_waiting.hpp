#pragma once

#include "raw/raw_caf.hpp"

#include <chrono>
#include <cstddef>
#include <latch>

namespace troupe::bench {

/// `n` actors that wait for a message that they send themselves, delayed.
class raw_waiting {
 public:
  raw_waiting(std::size_t threads, std::size_t n,
              std::chrono::milliseconds wait);

  /// Until each has sent itself that message.
  void until_all_wait() { waiting_.wait(); }
  /// Until each has ended.
  void until_all_ended() { ended_.wait(); }
  /// Ends them all.
  void cancel();

 private:
  raw_caf caf_;
  std::latch waiting_;
  std::latch ended_;
  std::vector<caf::actor> all_;
};

}  // namespace troupe::bench
