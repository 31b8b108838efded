#pragma once

#include <troupe/clock.hpp>
#include <troupe/store/run_store.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

namespace troupe::detail {

/// A new run, as `run_store::begin` gets it.
struct run_begin {
  run_record what{};
  std::vector<log_entry> first{};
  std::function<void(begun_run)> done{};
};

/// A begin or a commit that waits to be written.
struct write_request {
  std::variant<run_begin, run_commit> what;
  std::size_t bytes = 0;
};

[[nodiscard]] std::size_t bytes_of(const std::vector<log_entry>& entries);

/// The queue before the thread that writes, bounded by number and bytes: who
/// adds to a full one waits. One that is larger than all the room is let in
/// alone.
///
/// While the thread that writes waits for something, another one may do its
/// work: for a commit that comes alone, to wake a thread and to be woken by it
/// takes as long as to write it.
///
/// Thread safety: internally synchronised. One thread takes.
class commit_queue {
 public:
  commit_queue(std::size_t number_max, std::size_t bytes_max)
      : number_max_(number_max), bytes_max_(bytes_max) {}

  /// A choice for a full queue; the thread that takes must not wait.
  enum class when_full : std::uint8_t { waits, exceeds };
  /// Returns false, and leaves `what` alone, after `close`.
  [[nodiscard]] bool push(write_request& what, when_full choice);
  /// Returns whether the caller may write until `give_back`: nothing waits or
  /// is written, and lately no two came at once. Commits that come meanwhile
  /// wait.
  [[nodiscard]] bool borrow();
  /// `wakes` the thread that takes, though nothing may have come.
  void give_back(bool wakes);
  /// Moves all into `into`, which is empty. Waits until there is something, it
  /// is woken or closed, or `due` has come. Returns false once it is closed.
  bool take(std::deque<write_request>& into, time_point due);
  /// So many of what was taken have been written, which makes room.
  void make_room(std::size_t number, std::size_t bytes);
  void wake();
  void close();

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return number_ == 0 ||
           (number_ < number_max_ && bytes_ + bytes <= bytes_max_);
  }
  void spin() const noexcept;
  [[nodiscard]] bool has_work(time_point due) const;

  const std::size_t number_max_;
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::deque<write_request> waiting_;
  /// Those taken but not yet written included.
  std::size_t number_ = 0;
  std::size_t bytes_ = 0;
  std::size_t blocked_ = 0;
  bool sleeps_ = false;
  bool is_closed_ = false;
  bool was_busy_ = false;
  /// The thread that takes waits for something.
  bool is_idle_ = false;
  bool is_lent_ = false;
  bool waits_for_return_ = false;
  /// Groups of one since the last larger one.
  std::size_t alone_ = 0;
  std::atomic<bool> has_news_{false};
};

}  // namespace troupe::detail
