#pragma once

#include <troupe/limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace troupe {
class system;
}

namespace troupe::remote {

class shared_semaphore_core;

/// A permit lent by a `shared_semaphore`. It goes back when this is destroyed,
/// and when the process that has it is lost.
///
/// It must not outlive the semaphore's system.
///
/// Thread safety: confined to one actor or task. It may be destroyed on any
/// thread.
class [[nodiscard]] shared_permit {
 public:
  /// Stands for no permit.
  shared_permit() noexcept = default;
  shared_permit(shared_permit&&) noexcept = default;
  shared_permit& operator=(shared_permit&&) noexcept = default;
  shared_permit(const shared_permit&) = delete;
  shared_permit& operator=(const shared_permit&) = delete;
  ~shared_permit() = default;

  /// Gives it back before its end.
  void release() noexcept { held_.reset(); }
  /// True unless it was given back or moved from.
  [[nodiscard]] explicit operator bool() const noexcept {
    return held_ != nullptr;
  }

 private:
  friend class shared_semaphore_core;
  explicit shared_permit(std::shared_ptr<void> held) noexcept
      : held_(std::move(held)) {}

  std::shared_ptr<void> held_;
};

/// A `semaphore` for all the processes of a cluster: as a `shared_limit`, it is
/// made in each of them under the same name, the process that listens has the
/// permits, and a process without a cluster has its own.
///
/// The supervisor takes back the permits of a worker that it gives up. If the
/// worker was frozen or cut off it may go on with its work until it notices by
/// itself: for that time there may be more holders than permits.
///
/// It is a handle: copies, and those of the same name in a system, are one,
/// also if it is made after the others are gone but while a permit of theirs is
/// out. It may be destroyed after its system, but not be used after it.
///
/// Thread safety: immutable.
class shared_semaphore {
 public:
  /// Errors: throws `errc::bad_flow` for less than one permit, and for another
  /// number than a semaphore of this name has in this system;
  /// `errc::bad_value` for a name of more than 256 bytes, or with control
  /// characters.
  shared_semaphore(system& where, std::string name, std::uint32_t permits);

  /// Returns `count` permits as one, after waiting for them in the queue; see
  /// `semaphore::acquire`.
  ///
  /// Errors: those of `semaphore::acquire`; in a worker's process also
  /// `errc::request_failed` when there is no supervisor, when it is lost
  /// meanwhile, and when it has no semaphore of this name.
  /// Cancellation: the place in line is given up. Permits that were on their
  /// way go back.
  [[nodiscard]] task<shared_permit> acquire(std::uint32_t count = 1) const;

  /// For `node_options::limits`: an attempt holds a permit.
  // Not explicit, so that a node's options may name it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator limit() const;

 private:
  std::shared_ptr<shared_semaphore_core> core_;
};

}  // namespace troupe::remote
