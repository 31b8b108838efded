#pragma once

#include "core/waker.hpp"

#include <troupe/clock.hpp>
#include <troupe/store/run_store.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The answers to those who wait for a store.
using begun_answer = answer_of<begun_run>;
using commit_answer = answer_of<commit_result>;

/// The way of a durable run to its store. All its supervisors write by it; what
/// one writes before it tells another one of it is in the store before what
/// that one writes then.
///
/// Thread safety: internally synchronised.
class run_journal {
 public:
  /// Refers to `store`, which outlives all that writes: a handle that somebody
  /// keeps of an ended run does not keep the store open.
  run_journal(run_store& store, run_record record)
      : store_(store), record_(std::move(record)) {}

  /// The run as it was when this process began it, or went on with it.
  [[nodiscard]] const run_record& record() const noexcept { return record_; }
  [[nodiscard]] run_store& store() const noexcept { return store_; }

  /// Makes the run, unless it is there. Wakes `who` with a `begun_answer`.
  void begin(const waker& who);
  /// Commits, and wakes `who` with a `commit_answer`.
  void commit(std::vector<log_entry> entries, run_change change,
              const waker& who);
  /// Commits what nobody waits for.
  void commit(std::vector<log_entry> entries, run_change change);

  /// Sets what is called once when the run ends, on any thread. Before it
  /// begins.
  void on_end(std::function<void()> call) { on_end_ = std::move(call); }
  /// Sets what is called once when the run needs its turn to go on no more, on
  /// any thread: it writes its first entry, or begins to wait for a retry, or
  /// neither has happened for so long. Before it begins.
  void on_turn_over(std::function<void()> call, duration turn_max) {
    on_turn_over_ = std::move(call);
    turn_max_ = turn_max;
  }
  /// The longest turn; nothing if the run has none.
  [[nodiscard]] std::optional<duration> turn_max() const noexcept {
    return turn_max_;
  }
  void end_turn();
  void ended() const {
    if (on_end_) on_end_();
  }

  /// Its process ends: a run that is cancelled from now on is put away, and
  /// another process goes on with it.
  void park() noexcept { is_parked_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_parked() const noexcept {
    return is_parked_.load(std::memory_order_acquire);
  }

 private:
  run_store& store_;
  const run_record record_;
  std::function<void()> on_end_;
  std::function<void()> on_turn_over_;
  std::optional<duration> turn_max_;
  std::atomic<bool> is_turn_over_{false};
  std::atomic<bool> is_parked_{false};
};

}  // namespace troupe::detail
