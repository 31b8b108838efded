#pragma once

#include <troupe/clock.hpp>
#include <troupe/detail/fiber/fiber_owner.hpp>
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

struct graph_node;
class run_core;

/// The turn of a job: to do its work, or to report that it will not be done:
/// at the end of the pool, or because no thread can ever come to it.
enum class job_call { run, shut_down, deadlock };

/// The error that `job_call::deadlock` is to be reported as.
[[nodiscard]] error no_thread_can_come();

/// A run whose calls wait for a thread, as the watchdog tells it.
struct waiting_calls {
  std::shared_ptr<run_core> run;
  const graph_node* node = nullptr;
  /// The calls of this run that began to wait for long since the last look.
  std::size_t count = 0;
};

/// The load that keeps all threads of a pool busy.
struct pool_load {
  std::size_t threads_max = 0;
  std::size_t waiting = 0;
  /// Those that wait for a run themselves.
  std::size_t in_get = 0;
};

/// Threads for work that blocks, so that it never holds a thread that runs
/// actors. A job is called exactly once if it was taken: on a thread of the
/// pool to run, or to report that it cannot. It tells its actor itself, by a
/// signal, and must not throw.
///
/// Threads are started when there is more work than threads, and kept until
/// `stop`. Where no more can be had, work waits for those that there are. A job
/// that nobody waits for any more leaves the queue, so that each place in it is
/// a coroutine that waits, and the coroutines are its bound.
///
/// A job that calls `run::get` holds its thread for a run that may need a
/// thread itself. Where all threads do, and all these runs wait for a thread,
/// the job that came last is told that there is a deadlock.
///
/// Thread safety: internally synchronised. `stop` must not be called on a
/// thread of the pool.
class blocking_pool {
 public:
  struct options {
    /// The maximum number of jobs at once, at least 1.
    std::size_t threads_max = 64;
    /// More waiting jobs than these are told by `look` at once, at least 1.
    std::size_t queue_max = 65'536;
    /// No threads: jobs wait until the owner calls `run_one`. For tests.
    bool manual = false;
  };

  explicit blocking_pool(options chosen);
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  /// Calls `stop`.
  ~blocking_pool();

  /// The origin of a job. All may be left out.
  struct origin {
    std::shared_ptr<run_core> run = {};
    const graph_node* node = nullptr;
    /// The call, which is asked whether it was dropped.
    std::shared_ptr<blocking_job> call = {};
    time_point since = {};
  };

  /// Queues `work(job_call)`, a callable that need not be copyable. Returns
  /// why it was refused: `errc::overloaded` if not even one thread can be
  /// started, or `errc::shut_down`. `work` is then destroyed without a call.
  template <class F>
    requires(std::invocable<F&, job_call>)
  [[nodiscard]] std::optional<error> submit(F work, origin of) {
    auto made = std::make_unique<job_of<F>>(std::move(work));
    made->of = std::move(of);
    return submit_job(std::move(made));
  }
  template <class F>
    requires(std::invocable<F&, job_call>)
  [[nodiscard]] std::optional<error> submit(F work) {
    return submit(std::move(work), origin{});
  }

  /// A job that waits was dropped; it leaves the queue, soon.
  void on_dropped() noexcept;

  /// The runs with jobs that have waited for longer than `limit`, or stand
  /// behind `queue_max` others, and were not given out before; and what keeps
  /// the threads busy.
  [[nodiscard]] std::pair<std::vector<waiting_calls>, pool_load> look(
      time_point now, duration limit);

  /// While it exists on a thread of a pool, that thread waits for `run`, which
  /// is told what the job holds. On another thread it does nothing.
  class wait_for_run {
   public:
    explicit wait_for_run(run_core& run);
    wait_for_run(const wait_for_run&) = delete;
    wait_for_run& operator=(const wait_for_run&) = delete;
    ~wait_for_run();

   private:
    blocking_pool* pool_ = nullptr;
    const run_core& run_;
  };

  /// Takes no more jobs, waits for those that run, and has the others report
  /// `job_call::shut_down` on this thread. A job that never ends holds it up.
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
    virtual void call(job_call turn) noexcept = 0;
    [[nodiscard]] bool is_dropped() const noexcept {
      return of.call && of.call->is_dropped();
    }

    origin of;
    bool was_told = false;
  };
  template <class F>
  struct job_of final : job {
    explicit job_of(F given) : work{std::move(given)} {}
    void call(job_call turn) noexcept override { work(turn); }
    F work;
  };

  std::optional<error> submit_job(std::unique_ptr<job> work);
  void add_thread();
  std::unique_ptr<job> take_first();
  void loop();
  void run_first(std::unique_lock<std::mutex>& lock);
  std::unique_ptr<job> take_deadlocked();

  const options options_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<std::unique_ptr<job>> queue_;
  std::vector<std::thread> threads_;
  /// Dropped, and not taken out of the queue yet.
  std::size_t gone_ = 0;
  /// The runs that threads of this pool wait for.
  std::vector<const run_core*> awaited_;
  std::size_t running_ = 0;
  std::size_t idle_ = 0;
  bool stopped_ = false;
};

}  // namespace troupe::detail
