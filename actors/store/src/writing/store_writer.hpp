#pragma once

#include "file/store_file.hpp"
#include "writing/commit_queue.hpp"
#include "writing/run_log.hpp"

#include <troupe/clock.hpp>
#include <troupe/store/sqlite.hpp>

#include <SQLiteCpp/Exception.h>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe::detail {

/// Work on the file of a store that takes longer than others may wait: it is
/// done in slices, between the groups of commits.
class slow_work {
 public:
  virtual ~slow_work() = default;
  /// Works until about `until`. Returns whether there is more.
  virtual bool go_on(store_file& file, time_point until) = 0;
  /// It ends, with the error that kept it from its end, or without.
  virtual void end(const commit_result& failure) noexcept = 0;
};

/// The one place that writes a store. Its thread takes what is queued, writes
/// it as one transaction, reports to each who waits, and looks after the file
/// in between: checkpoints, old history, expired runs. A commit that comes
/// alone and need not be synced is written by the thread that submits it.
///
/// Thread safety: internally synchronised; `run` is for one thread. One thread
/// at a time writes.
class store_writer {
 public:
  /// Errors: throws `errc::store_failed`.
  store_writer(const std::filesystem::path& file, sqlite_options options,
               std::string vfs);

  /// Writes until it is closed: the work of its thread.
  void run() noexcept;
  void close() { queue_.close(); }

  void begin(run_begin what);
  void submit(run_commit what);
  /// Does `work` in slices, and returns after its end. On the writing thread,
  /// it is done at once.
  void work(std::shared_ptr<slow_work> what);

  [[nodiscard]] const std::string& path() const noexcept {
    return file_.path();
  }
  [[nodiscard]] const std::string& vfs() const noexcept { return file_.vfs(); }
  [[nodiscard]] bool is_writing_thread() const noexcept {
    return std::this_thread::get_id() == thread_.load();
  }

 private:
  /// The answer to a request: the first to a new run, the second to a commit.
  struct answer {
    begun_run begun{};
    commit_result failure{};
  };
  using group = std::vector<write_request>;

  void add(write_request what);
  [[nodiscard]] bool write_alone(write_request& what) noexcept;
  void set_writing_thread(std::thread::id which) { thread_.store(which); }
  void take_group(std::deque<write_request>& from, group& into);
  void write(group& what);
  void write_together(group& what, std::vector<answer>& answers);
  void write_one_by_one(group& what, std::vector<answer>& answers);
  void set_durability(const group& what);
  void apply(const write_request& what, answer& into, std::int64_t now_ms);
  void fail(const write_request& what, const error& why, answer& into);
  void report(group& what, std::vector<answer>& answers) noexcept;
  void on_fault(const SQLite::Exception& why);
  [[nodiscard]] std::optional<error> unusable();

  void look_after_file(bool is_idle);
  [[nodiscard]] bool is_checkpoint_due() const noexcept;
  void make_due_checkpoint(bool is_idle);
  void index();
  void do_slice();
  void prune(time_point until);
  void remove_expired(time_point until);
  [[nodiscard]] bool has_works();
  [[nodiscard]] time_point next_look();
  [[nodiscard]] commit_result closed_error() const;
  void close_file() noexcept;
  static void refuse(write_request what, const commit_result& why);

  const sqlite_options options_;
  store_file file_;
  run_log log_;
  commit_queue queue_;
  std::atomic<std::thread::id> thread_{};
  /// Its own thread, and when that looks at the file next.
  std::thread::id own_thread_{};
  time_point next_look_{};
  bool is_full_ = true;
  /// The reason why the file cannot be used; it is opened again before the next
  /// group.
  std::optional<error> fault_{};
  time_point place_checked_{};
  time_point last_group_{};

  std::mutex works_mutex_;
  std::deque<std::shared_ptr<slow_work>> works_;
  bool is_closed_ = false;

  int checkpoint_at_ = 0;
  bool has_leftovers_ = true;
  bool is_expiring_ = false;
  time_point expired_checked_{};
  bool has_ended_ = false;
  /// The runs whose history is to be deleted, up to which step.
  std::map<std::int64_t, std::int64_t> to_prune_;
};

}  // namespace troupe::detail
