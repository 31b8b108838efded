#pragma once

#include <cstddef>

namespace troupe_test {

/// The threads whose allocations fail.
enum class memory_of { this_thread, all_threads };

/// Lets allocations fail, while it exists: the one with the number `first`,
/// counted from 1 on, and the `length - 1` after it.
///
/// Link `support/scarce.cpp`, which replaces the global operator new.
class scarce_memory {
 public:
  static constexpr std::size_t for_ever = ~std::size_t{0};

  explicit scarce_memory(std::size_t first, std::size_t length = 1,
                         memory_of whose = memory_of::this_thread) noexcept;
  scarce_memory(const scarce_memory&) = delete;
  scarce_memory& operator=(const scarce_memory&) = delete;
  /// Ends what the constructor began.
  ~scarce_memory();

  /// Returns the number of allocations, the failed ones included.
  [[nodiscard]] static std::size_t allocations() noexcept;
};

/// Lets the process start no more than `left` threads, while it exists.
class scarce_threads {
 public:
  explicit scarce_threads(std::size_t left) noexcept;
  scarce_threads(const scarce_threads&) = delete;
  scarce_threads& operator=(const scarce_threads&) = delete;
  ~scarce_threads();
};

/// The threads of this process.
[[nodiscard]] std::size_t threads_of_process();

}  // namespace troupe_test
