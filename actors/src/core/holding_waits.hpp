#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

class acquire_order;

/// The waits for permits of those that hold some meanwhile, at all semaphores
/// of the process: of a ring over several of them none sees the whole. Who
/// holds nothing while it waits is never here.
///
/// Thread safety: internally synchronised.
class holding_waits {
 public:
  /// Alive as long as the process, as orders may be.
  static holding_waits& all();

  /// Takes down a wait at `lender`, which has so many `permits` in all, until
  /// `remove`. @pre it is not here
  void add(const acquire_order& order, const void* lender,
           std::uint32_t permits);
  void remove(const acquire_order& order) noexcept;

  /// The most permits of `lender` that are held by those that wait.
  [[nodiscard]] std::uint64_t held_of(const void* lender) const;

  /// To be held from before `find` until a wait has been refused, so that each
  /// ring costs one.
  [[nodiscard]] std::unique_lock<std::mutex> search() {
    return std::unique_lock{search_};
  }
  /// The treatment of permits that may be with another coroutine.
  enum class moved { left_out, counted };
  /// Waits that can never end, of those that hold something.
  struct ring {
    std::set<const acquire_order*> waits;
    /// The nodes that hold what they wait for.
    std::set<std::string> holders;
    /// At how many lenders they wait.
    std::size_t lenders = 0;
  };
  /// Looks for such waits, as if `without` were none.
  [[nodiscard]] ring find(moved how,
                          const acquire_order* without = nullptr) const;

 private:
  struct entry {
    const void* lender = nullptr;
    std::uint32_t permits = 0;
    /// The permits held when it was taken down, by lender.
    std::vector<std::pair<const void*, std::uint32_t>> held;
  };
  struct open_wait;
  [[nodiscard]] std::vector<open_wait> all_open() const;
  [[nodiscard]] bool are_open(const std::set<const acquire_order*>& some) const;

  std::mutex search_;
  mutable std::mutex mutex_;
  std::map<const acquire_order*, entry> waits_;
  std::map<const void*, std::uint64_t> held_;
};

}  // namespace troupe::detail
