#include "old_caf/worker_scheduler.hpp"

#include "old_caf/scheduler_worker.hpp"
#include "threads/start_thread.hpp"

#if TROUPE_CAF_1

namespace troupe::detail {

void load_scheduler(caf::actor_system_config&) {}

bool has_scheduler(caf::actor_system&) { return true; }

bool defer(caf::actor_system&, const std::shared_ptr<deferred_start>&) {
  return false;
}

}  // namespace troupe::detail

#else

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::detail {

void load_scheduler(caf::actor_system_config& config) {
  config.load<worker_scheduler>();
}

bool has_scheduler(caf::actor_system& system) {
  return dynamic_cast<worker_scheduler*>(&system.scheduler()) != nullptr;
}

bool defer(caf::actor_system& system,
           const std::shared_ptr<deferred_start>& start) {
  auto* ours = dynamic_cast<worker_scheduler*>(&system.scheduler());
  if (ours == nullptr) return false;
  ours->defer(start);
  return true;
}

namespace {

// A caller that waits for a run comes for its start within this time.
constexpr auto start_age = std::chrono::microseconds{10};

}  // namespace

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
  // Another thread may have queued jobs before it could see that.
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

void worker_scheduler::defer(const std::shared_ptr<deferred_start>& start) {
  starts_.add(start);
  if (!is_watched_.load()) wake_one();
}

bool worker_scheduler::has_due_start() {
  return starts_.is_due(clock::steady().now() - start_age);
}

std::shared_ptr<deferred_start> worker_scheduler::take_due_start() {
  if (starts_.size() == 0) return nullptr;
  return starts_.take(clock::steady().now() - start_age);
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
