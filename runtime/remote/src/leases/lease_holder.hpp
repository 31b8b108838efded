#pragma once

#include "leases/lease.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace troupe::detail {

/// The work that a worker has been given, and its progress: the other side of a
/// `lease_table`.
///
/// A result is kept, and sent again, until the supervisor has said that it
/// came; until then its lease is held, so that nobody takes it for lost.
///
/// Thread safety: confined to one actor or task.
class lease_holder {
 public:
  /// `finished_max`: of the results that the supervisor did not confirm. With
  /// more of them nothing new is taken.
  /// @pre `capacity` is at least 1
  explicit lease_holder(std::size_t capacity,
                        std::size_t finished_max = 100'000)
      : capacity_(capacity), finished_max_(finished_max) {
    assert(capacity >= 1);
  }

  /// A lease was given. False if there is nothing to begin: it is held already,
  /// or there is no room, which the supervisor will notice.
  [[nodiscard]] bool take(lease given);
  /// Marks work as ended. False if the lease was taken back by then.
  [[nodiscard]] bool finish(lease done);
  /// The supervisor has the result, or does not want it.
  void acknowledge(lease done);
  /// A lease counts no more. Whether there is work to stop.
  [[nodiscard]] bool drop(lease taken_back);

  /// Returns the leases that are held, for the supervisor to compare.
  [[nodiscard]] std::vector<lease> held() const;
  /// Returns the leases that have ended here, but not for the supervisor yet.
  [[nodiscard]] std::vector<lease> unacknowledged() const;
  /// Returns the number of leases at work.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  /// Asserts that the counts agree with what is held. For tests.
  void check() const;

 private:
  enum class phase : std::uint8_t { running, finished };

  std::size_t capacity_;
  std::size_t finished_max_;
  std::size_t running_ = 0;
  std::map<lease, phase> held_;
};

}  // namespace troupe::detail
