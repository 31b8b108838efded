#include "worker_scheduler.hpp"

#include "caf_version_modules.hpp"
#include "job_queue.hpp"
#include "node_thread.hpp"
#include "start_thread.hpp"

#if TROUPE_CAF_1

namespace troupe::detail {

void load_scheduler(caf::actor_system_config&) {}

}  // namespace troupe::detail

#else

#include <caf/detail/set_thread_name.hpp>
#include <caf/logger.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace troupe::detail {

void load_scheduler(caf::actor_system_config& config) {
  config.load<worker_scheduler>();
}

namespace {

// After so many turns of actors that were woken last, the queue has its turn.
constexpr unsigned streak_max = 64;
// So many jobs are stolen at most.
constexpr std::size_t loot_max = 32;
// A worker without work looks so often before it sleeps.
constexpr int looks_before_sleep = 4;

}  // namespace

class worker_scheduler::worker final : public caf::execution_unit {
 public:
  worker(worker_scheduler& owner, std::size_t index)
      : caf::execution_unit{&owner.system()},
        owner_{owner},
        random_{static_cast<std::uint32_t>(index * 2'654'435'761U + 1)} {}

  void start() {
    thread_ = start_thread("actors", [this] {
      CAF_SET_LOGGER_SYS(&system());
      caf::detail::set_thread_name("troupe.worker");
      is_scheduler_thread = true;
      system().thread_started();
      run();
      system().thread_terminates();
    });
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  // Called by the actor that runs here.
  void exec_later(caf::resumable* job) override {
    if (auto* displaced = std::exchange(next_, job)) {
      push(displaced);
      owner_.wake_one();
    }
  }

  void push(caf::resumable* job) {
    const std::lock_guard lock{mutex_};
    queue_.push(job);
    size_.store(queue_.size());
  }

  caf::resumable* pop() {
    if (size_.load(std::memory_order_relaxed) == 0) {
      return nullptr;
    }
    const std::lock_guard lock{mutex_};
    return pop_locked();
  }

  // What is left when the worker has ended.
  caf::resumable* take_left() {
    auto* job = std::exchange(next_, nullptr);
    return job != nullptr ? job : pop();
  }

  // Moves up to half of the queue to the thief, and returns one job more.
  caf::resumable* give_to(worker& thief) {
    std::array<caf::resumable*, loot_max> loot;
    std::size_t count = 0;
    {
      const std::unique_lock lock{mutex_, std::try_to_lock};
      if (!lock) {
        return nullptr;
      }
      const auto wanted = std::min((queue_.size() + 1) / 2, loot_max);
      for (; count < wanted; ++count) {
        loot[count] = pop_locked();
      }
    }
    if (count == 0) {
      return nullptr;
    }
    if (count > 1) {
      const std::lock_guard lock{thief.mutex_};
      for (std::size_t i = 1; i < count; ++i) thief.queue_.push(loot[i]);
      thief.size_.store(thief.queue_.size());
    }
    return loot[0];
  }

  [[nodiscard]] bool has_queue() const { return size_.load() > 0; }

  // Returns whether this worker was parked and is now the caller's to wake.
  bool claim() {
    if (parked_.load() && parked_.exchange(false)) {
      owner_.parked_.fetch_sub(1);
      return true;
    }
    return false;
  }

  void wake() {
    {
      const std::lock_guard lock{park_mutex_};
      is_woken_ = true;
    }
    woken_.notify_one();
  }

  // A cheap random number, for where to steal first.
  std::size_t random() {
    random_ = random_ * 1'664'525U + 1'013'904'223U;
    return random_ >> 16U;
  }

 private:
  caf::resumable* pop_locked() {
    auto* job = queue_.pop();
    size_.store(queue_.size(), std::memory_order_relaxed);
    return job;
  }

  caf::resumable* next_job() {
    if (next_ != nullptr && streak_ < streak_max) {
      ++streak_;
      return std::exchange(next_, nullptr);
    }
    streak_ = 0;
    if (auto* job = pop()) {
      return job;
    }
    if (next_ != nullptr) {
      return std::exchange(next_, nullptr);
    }
    return owner_.steal_for(*this);
  }

  void run() {
    const node_thread mark;
    while (!owner_.stopping_.load(std::memory_order_relaxed)) {
      auto* job = next_job();
      for (int i = 0; job == nullptr && i < looks_before_sleep; ++i) {
        std::this_thread::yield();
        job = next_job();
      }
      if (job == nullptr) {
        park();
      } else if (!give_turn(job)) {
        return;
      }
    }
  }

  bool give_turn(caf::resumable* job) {
    switch (job->resume(this, owner_.max_throughput())) {
      case caf::resumable::resume_later:
        push(job);
        if (next_ != nullptr || size_.load(std::memory_order_relaxed) > 1) {
          owner_.wake_one();
        }
        return true;
      case caf::resumable::shutdown_execution_unit:
        return false;
      default:
        release(job);
        return true;
    }
  }

  void park() {
    owner_.parked_.fetch_add(1);
    parked_.store(true);
    if ((owner_.has_work() || owner_.stopping_.load()) && claim()) {
      return;
    }
    std::unique_lock lock{park_mutex_};
    woken_.wait(lock, [this] { return is_woken_; });
    is_woken_ = false;
  }

  worker_scheduler& owner_;
  std::thread thread_;

  // Only for the worker's own thread.
  caf::resumable* next_ = nullptr;
  unsigned streak_ = 0;
  std::uint32_t random_;

  // Shared with thieves and with those who wake actors from outside.
  alignas(CAF_CACHE_LINE_SIZE) std::mutex mutex_;
  job_queue queue_;
  std::atomic<std::size_t> size_{0};

  alignas(CAF_CACHE_LINE_SIZE) std::atomic<bool> parked_{false};
  std::mutex park_mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
};

worker_scheduler::worker_scheduler(caf::actor_system& system)
    : caf::scheduler::abstract_coordinator(system) {}

worker_scheduler::~worker_scheduler() {
  // The system has ended before it began: a module after this one failed.
  if (!stopped_.load()) abandon();
}

caf::actor_system::module* worker_scheduler::make(caf::actor_system& system,
                                                  caf::detail::type_list<>) {
  return new worker_scheduler(system);
}

void worker_scheduler::start() {
  try {
    const auto count = std::max<std::size_t>(num_workers(), 1);
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<worker>(*this, i));
    }
    for (auto& each : workers_) {
      each->start();
    }
    clock_.start(system());
    // Starts the thread of the actor that prints for others.
    caf::scheduler::abstract_coordinator::start();
    has_started_ = true;
  } catch (...) {
    abandon();
    throw_no_thread("the actor system");
  }
}

void worker_scheduler::stop() {
  stop_actors();
  end_threads();
}

void worker_scheduler::end_threads() {
  stopping_ = true;
  for (auto& each : workers_) {
    each->wake();
  }
  for (auto& each : workers_) {
    each->join();
  }
  clock_.stop();
  drop_jobs();
  stopped_ = true;
  // What another thread queued before it could see that.
  drop_jobs();
}

// The constructor of CAF's system is about to fail, which does not stop its
// modules. Its registry, which outlives them, still has two actors that would
// ask for the clock when they are destroyed.
void worker_scheduler::abandon() {
  if (has_started_) stop_actors();
  end_threads();
  system().registry().erase(caf::atom("SpawnServ"));
  system().registry().erase(caf::atom("ConfigServ"));
}

void worker_scheduler::drop_jobs() {
  // Actors that end may wake others, into any queue.
  for (bool is_done = false; !is_done;) {
    is_done = true;
    for (auto& each : workers_) {
      while (auto* job = each->take_left()) {
        cleanup_and_release(job);
        is_done = false;
      }
    }
  }
}

void worker_scheduler::enqueue(caf::resumable* job) {
  if (stopped_.load(std::memory_order_relaxed)) {
    cleanup_and_release(job);
    return;
  }
  if (auto* idle = claim_parked()) {
    idle->push(job);
    idle->wake();
    return;
  }
  const auto turn = next_worker_.fetch_add(1, std::memory_order_relaxed);
  workers_[turn % workers_.size()]->push(job);
  wake_one();
}

caf::resumable* worker_scheduler::steal_for(worker& thief) {
  const auto count = workers_.size();
  const auto first = thief.random();
  for (std::size_t i = 0; i < count; ++i) {
    auto& victim = *workers_[(first + i) % count];
    if (&victim == &thief || !victim.has_queue()) {
      continue;
    }
    if (auto* job = victim.give_to(thief)) {
      if (thief.has_queue()) {
        wake_one();
      }
      return job;
    }
  }
  return nullptr;
}

bool worker_scheduler::has_work() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& each) { return each->has_queue(); });
}

worker_scheduler::worker* worker_scheduler::claim_parked() {
  if (parked_.load() == 0) {
    return nullptr;
  }
  for (auto& each : workers_) {
    if (each->claim()) {
      return each.get();
    }
  }
  return nullptr;
}

void worker_scheduler::wake_one() {
  if (auto* idle = claim_parked()) {
    idle->wake();
  }
}

}  // namespace troupe::detail

#endif
