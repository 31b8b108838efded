#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// The effect of the failure of one sub-flow on its siblings and on the batch.
///
/// Thread safety: immutable.
class failure_policy {
 public:
  enum class kind : std::uint8_t {
    fail_fast,
    collect,
    tolerate_count,
    tolerate_share,
    quorum,
  };

  /// The first failure cancels the siblings and fails the batch.
  constexpr failure_policy() = default;

  /// Prefer the named policies below.
  constexpr explicit failure_policy(kind which, std::size_t count = 0,
                                    double share = 0)
      : kind_(which), count_(count), share_(share) {}

  [[nodiscard]] constexpr kind which() const noexcept { return kind_; }
  [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }
  [[nodiscard]] constexpr double share() const noexcept { return share_; }

 private:
  kind kind_ = kind::fail_fast;
  std::size_t count_ = 0;
  double share_ = 0;
};

/// The first failure cancels the siblings and fails the batch.
inline constexpr failure_policy fail_fast{};
/// All sub-flows run; `post` gets each one's result or error.
inline constexpr failure_policy collect{failure_policy::kind::collect};
/// More than `failures` failures cancel the rest and fail the batch.
[[nodiscard]] constexpr failure_policy tolerate(std::size_t failures) {
  return failure_policy{failure_policy::kind::tolerate_count, failures};
}
/// As `tolerate`, with a share (0 to 1) of all sub-flows. With items from a
/// generator their number is known, and the share checked, only at the end.
[[nodiscard]] constexpr failure_policy tolerate_share(double share) {
  return failure_policy{failure_policy::kind::tolerate_share, 0, share};
}
/// `successes` successes are enough: the rest is cancelled, and the batch
/// succeeds. It fails as soon as so many cannot be reached any more.
[[nodiscard]] constexpr failure_policy quorum(std::size_t successes) {
  return failure_policy{failure_policy::kind::quorum, successes};
}
/// The first success is enough.
inline constexpr failure_policy first_success = quorum(1);

namespace detail {

/// The life of a fan-out as a pure state machine: how many may run at once,
/// when the rest is pointless, and whether the whole succeeded.
///
/// Invariant: started = running + finished + failed + cancelled, and at most
/// `width` run.
///
/// Thread safety: confined to one actor or task.
class window {
 public:
  enum class verdict : std::uint8_t { running, succeeded, failed };

  /// @pre `width` is at least 1.
  window(failure_policy policy, std::size_t width,
         std::optional<std::size_t> total);

  // -- properties ------------------------------------------------------------

  [[nodiscard]] std::size_t started() const noexcept { return started_; }
  [[nodiscard]] std::size_t finished() const noexcept { return finished_; }
  [[nodiscard]] std::size_t failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t cancelled() const noexcept { return cancelled_; }
  [[nodiscard]] std::size_t running() const noexcept {
    return started_ - finished_ - failed_ - cancelled_;
  }
  /// Returns whether another one may be started now.
  [[nodiscard]] bool has_room() const noexcept;
  /// Returns whether those still running are to be cancelled.
  [[nodiscard]] bool is_stopping() const noexcept {
    return verdict_ != verdict::running;
  }
  /// True if it is decided that the whole has failed.
  [[nodiscard]] bool has_failed() const noexcept {
    return verdict_ == verdict::failed;
  }
  /// Returns whether nothing runs and nothing more will start.
  [[nodiscard]] bool is_over() const noexcept;
  /// The end of the whole. @pre `is_over()`
  [[nodiscard]] verdict result() const noexcept {
    assert(is_over());
    return verdict_;
  }
  /// The reason of the failure, for people: counts and the policy. Empty on
  /// success.
  [[nodiscard]] std::string reason() const;

  // -- what happened ---------------------------------------------------------

  /// One more was started. @pre `has_room()`
  void on_started();
  /// One was started in an earlier life of the run, which had room for it.
  void on_recalled() { ++started_; }
  /// One finished well.
  void on_finished();
  /// One failed.
  void on_failed();
  /// One was cancelled by `stop()` or by the policy.
  void on_cancelled();
  /// The source has no more items: `started()` is the total.
  void on_exhausted();
  /// Nothing more starts, and the whole counts as failed, unless it had been
  /// decided before.
  void stop();
  /// Nothing more starts, and the whole counts as failed, whatever had been
  /// decided.
  void refuse() { verdict_ = verdict::failed; }

  /// Asserts the invariant. For tests, after each call.
  void check() const;

 private:
  void decide();

  failure_policy policy_;
  verdict verdict_ = verdict::running;
  std::size_t width_;
  std::optional<std::size_t> total_;
  std::size_t started_ = 0;
  std::size_t finished_ = 0;
  std::size_t failed_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace detail
}  // namespace troupe
