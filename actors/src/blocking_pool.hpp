#pragma once

#include <troupe/error.hpp>

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Whether a job is to do its work, or only to report that it will not be done.
enum class job_turn { run, shut_down };

/// Threads for work that blocks, so that it never holds a thread that runs
/// actors. A job is called exactly once if it was taken: on a thread of the
/// pool to run, or from `stop` to report `errc::shut_down`. It tells its actor
/// itself, by a signal, and must not throw.
///
/// Threads are started when there is more work than threads, and kept until
/// `stop`. Where no more can be had, work waits for those that there are. The
/// queue is bounded: `submit` refuses what does not fit.
///
/// Thread safety: all members may be called from any thread, `stop` from any
/// but those of the pool.
class blocking_pool {
 public:
  struct options {
    /// At most so many jobs at once, at least 1.
    std::size_t threads_max = 64;
    /// At most so many jobs waiting, at least 1.
    std::size_t queue_max = 65'536;
    /// No threads: jobs wait until the owner calls `run_one`. For tests.
    bool manual = false;
  };

  explicit blocking_pool(options chosen);
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  /// Calls `stop`.
  ~blocking_pool();

  /// Queues `work(job_turn)`, a callable that need not be copyable. Returns
  /// why it was refused: `errc::overloaded` if the queue is full or not even
  /// one thread can be started, or `errc::shut_down`. `work` is then destroyed
  /// without a call.
  template <class F>
    requires(std::invocable<F&, job_turn>)
  [[nodiscard]] std::optional<error> submit(F work) {
    return submit_job(std::make_unique<job_of<F>>(std::move(work)));
  }

  /// Takes no more jobs, waits for those that run, and has the others report
  /// `job_turn::shut_down` on this thread. A job that never ends holds it up.
  void stop();

  /// The number of jobs that wait, and of those that run.
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t running() const;
  /// The number of threads started so far.
  [[nodiscard]] std::size_t threads() const;

  /// Runs the first waiting job on this thread. Returns false if there is none.
  bool run_one();

 private:
  struct job {
    job() = default;
    job(const job&) = delete;
    job& operator=(const job&) = delete;
    virtual ~job() = default;
    virtual void call(job_turn turn) noexcept = 0;
  };
  template <class F>
  struct job_of final : job {
    explicit job_of(F given) : work{std::move(given)} {}
    void call(job_turn turn) noexcept override { work(turn); }
    F work;
  };

  std::optional<error> submit_job(std::unique_ptr<job> work);
  void add_thread();
  std::unique_ptr<job> take_first();
  void loop();
  void run_first(std::unique_lock<std::mutex>& lock);

  const options options_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<std::unique_ptr<job>> queue_;
  std::vector<std::thread> threads_;
  std::size_t running_ = 0;
  std::size_t idle_ = 0;
  bool stopped_ = false;
};

}  // namespace troupe::detail
