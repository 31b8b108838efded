#pragma once

#include <troupe/clock.hpp>
#include <troupe/limit.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/task.hpp>

#include <memory>
#include <string>

namespace troupe {
class system;
}

namespace troupe::remote {

class shared_limit_core;
class shared_pass_core;

/// A permission to make one request, granted by a `shared_limit`.
///
/// It must not outlive the limit's system.
///
/// Thread safety: confined to one actor or task.
class shared_pass {
 public:
  explicit shared_pass(std::unique_ptr<shared_pass_core> core) noexcept;
  shared_pass(shared_pass&&) noexcept;
  shared_pass& operator=(shared_pass&&) noexcept;
  shared_pass(const shared_pass&) = delete;
  shared_pass& operator=(const shared_pass&) = delete;
  ~shared_pass();

  /// Corrects the number of tokens that it took. A pass that is never corrected
  /// took the number it was acquired with. In a worker's process the last call
  /// counts, and the supervisor learns of it when the pass is destroyed.
  /// Errors: throws `errc::bad_value` for an invalid number.
  void used(double tokens);

 private:
  std::unique_ptr<shared_pass_core> core_;
};

/// A `rate_limit` for all the processes of a cluster. Each of them makes it
/// under the same name, in the same way:
///
///     const troupe::remote::shared_limit limit{runtime, "model", allowed};
///     auto pass = co_await limit.acquire();  // or in node_options::limits
///
/// In the process that listens it is the rate limit. In a worker's process it
/// asks the supervisor for every pass; the options there apply. In any other
/// process it is a rate limit for this process alone.
///
/// Fair over all processes, in the order in which the supervisor is asked. A
/// pass of a lost worker stays used: its request may have been made. Waiting
/// requests of a lost worker leave the queue.
///
/// It is a handle: copies, and those of the same name in a system, are one.
/// The limit is forgotten when no handle and no pass is left, and the next one
/// of its name begins anew, with its whole burst. It may be destroyed after its
/// system, but not be used after it.
///
/// Thread safety: immutable.
class shared_limit {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options, and for
  /// others than a limit of this name has in this system; `errc::bad_value` for
  /// a name of more than 256 bytes, or with control characters.
  shared_limit(system& where, std::string name,
               const rate_limit_options& options);

  /// Returns a pass, after waiting for it in the queue; see
  /// `rate_limit::acquire`.
  ///
  /// Errors: those of `rate_limit::acquire`; in a worker's process also
  /// `errc::request_failed` when there is no supervisor, when it is lost
  /// meanwhile, and when it has no limit of this name.
  /// Cancellation: the place in line is given up. A pass that was on its way
  /// goes back, and counts as never given.
  [[nodiscard]] task<shared_pass> acquire(double tokens = 0) const;

  /// For `node_options::limits`: an attempt takes a pass, and one that fails
  /// with `errc::rate_limited` slows the rate of the cluster down.
  // Not explicit, so that a node's options may name it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator limit() const;

  /// As `rate_limit::back_off`, for the cluster. In a worker's process without
  /// a supervisor it does nothing.
  void back_off(duration pause = duration::zero()) const;

 private:
  std::shared_ptr<shared_limit_core> core_;
};

}  // namespace troupe::remote
