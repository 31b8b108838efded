#pragma once

#include <atomic>
#include <utility>

namespace troupe_test {

/// Counts how many of it exist, so that a test sees what was not destroyed.
class counted {
 public:
  counted() noexcept { ++alive_; }
  counted(const counted&) noexcept { ++alive_; }
  counted(counted&&) noexcept { ++alive_; }
  counted& operator=(const counted&) noexcept = default;
  counted& operator=(counted&&) noexcept = default;
  ~counted() { --alive_; }

  [[nodiscard]] static int alive() noexcept { return alive_; }

 private:
  inline static std::atomic<int> alive_{0};
};

}  // namespace troupe_test
