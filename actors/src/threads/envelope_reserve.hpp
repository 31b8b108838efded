#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace troupe::detail {

/// Memory for envelopes when there is none. Pages that are never used cost
/// nothing.
///
/// Thread safety: internally synchronised.
class envelope_reserve {
 public:
  static constexpr std::size_t size = 32;
  static constexpr std::size_t most = 65'536;

  /// Null if all are in use.
  void* take() noexcept {
    const std::lock_guard lock{mutex_};
    if (free_ != nullptr) return std::exchange(free_, free_->next);
    return used_ < most ? &places_[used_++] : nullptr;
  }
  void put(void* place) noexcept {
    const std::lock_guard lock{mutex_};
    free_ = new (place) free_place{free_};
  }
  [[nodiscard]] bool owns(const void* place) const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(place);
    const auto first = reinterpret_cast<std::uintptr_t>(places_.data());
    return at - first < sizeof(places_);
  }

 private:
  struct free_place {
    free_place* next;
  };
  struct alignas(std::max_align_t) envelope_place {
    std::array<std::byte, size> bytes;
  };

  std::mutex mutex_;
  free_place* free_ = nullptr;
  std::size_t used_ = 0;
  std::array<envelope_place, most> places_;
};

// Of static storage and without a destructor that does anything: actors may
// outlive what the program destroys at its end.
inline envelope_reserve reserve_of_envelopes;

}  // namespace troupe::detail
