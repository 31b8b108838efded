#include "core/system_core.hpp"

#include "core/cancel_order.hpp"
#include "core/run_core.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/concurrency.hpp>
#include <troupe/detail/value/mixed.hpp>

#include <algorithm>
#include <cassert>
#include <iomanip>
#include <random>
#include <sstream>
#include <utility>

namespace troupe::detail {

namespace {

blocking_pool::options pool_options(const system_options& options, drive how) {
  blocking_pool::options chosen;
  chosen.threads_max = options.blocking_threads_max;
  chosen.queue_max = options.blocking_queue_max;
  chosen.manual = how == drive::by_hand;
  return chosen;
}

/// Returns the prefix of the ids of a system's runs, so that those of no other
/// system are the same. In virtual time all is as it was the last time.
std::string new_runs_prefix(drive how) {
  if (how == drive::by_hand) return "run-";
  std::random_device random;
  std::ostringstream text;
  text << "run-" << std::hex << std::setfill('0');
  for (int i = 0; i < 4; ++i) text << std::setw(8) << random();
  text << '-';
  return text.str();
}

std::uint64_t new_runs_seed(drive how) {
  if (how == drive::by_hand) return 0;
  std::random_device random;
  return mixed(random(), random());
}

}  // namespace

system_core::system_core(caf::actor_system& system, system_options options,
                         drive how)
    : options_(std::move(options)),
      runs_prefix_(new_runs_prefix(how)),
      runs_seed_(new_runs_seed(how)),
      timers_(std::make_shared<timer_service>(
          how == drive::by_hand ? timer_service::clock::manual
                                : timer_service::clock::real)),
      log_(std::make_shared<system_log>(options_.log)),
      threads_(std::make_shared<service_threads>()),
      blocking_(pool_options(options_, how)),
      // Real time means nothing to a system whose clock is the test's.
      dog_(how == drive::by_hand ? duration::max() : options_.watchdog,
           &blocking_),
      queue_(how == drive::by_hand ? std::make_unique<manual_queue>(system)
                                   : nullptr),
      home_{system, queue_.get(), timers_.get(), &blocking_} {
  // Makes the error for lack of memory while there is memory.
  static_cast<void>(cancelled_for_no_reason());
  static_cast<void>(died_for_want_of_memory());
}

system_core::~system_core() {
  if (!queue_) wait_for_runs();
  for (auto each = parts_.rbegin(); each != parts_.rend(); ++each) {
    each->second->close();
  }
  blocking_.stop();
  timers_->stop();
  semaphores_.clear();
  if (queue_) {
    queue_->run();
  } else {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return actors() == 0; });
  }
  threads_->close();
  const std::lock_guard lock{mutex_};
  while (listed_ != nullptr) take_out(*listed_);
}

void system_core::wait_for_runs() {
  const auto over = [&] { return runs_ == 0; };
  std::unique_lock lock{mutex_};
  if (const auto limit = options_.shutdown_wait_max) {
    if (wait_at_most(lock, changed_, *limit, over)) return;
    // Those that begin from here on see it, and the others are in the list.
    is_ending_ = true;
    lock.unlock();
    cancel_all(std::string{ending_reason});
    lock.lock();
  }
  changed_.wait(lock, over);
}

std::shared_ptr<placement> system_core::elsewhere() const {
  const std::lock_guard lock{mutex_};
  return elsewhere_;
}

void system_core::set_elsewhere(std::shared_ptr<placement> where) {
  const std::lock_guard lock{mutex_};
  assert(elsewhere_ == nullptr);
  elsewhere_ = std::move(where);
}

void system_core::clear_elsewhere() noexcept {
  const std::lock_guard lock{mutex_};
  elsewhere_ = nullptr;
}

std::shared_ptr<system_part> system_core::part(
    std::type_index of,
    const std::function<std::shared_ptr<system_part>()>& make) {
  const std::lock_guard lock{mutex_};
  const auto known =
      std::find_if(parts_.begin(), parts_.end(),
                   [&](const auto& each) { return each.first == of; });
  if (known != parts_.end()) return known->second;
  return parts_.emplace_back(of, make()).second;
}

std::string system_core::next_run_id() {
  return runs_prefix_ + std::to_string(last_run_.fetch_add(1) + 1);
}

std::uint64_t system_core::next_seed() noexcept {
  return mixed(runs_seed_, last_seed_.fetch_add(1));
}

const void* system_core::acquire(const void* owner, std::uint32_t limit,
                                 caf::intrusive_ptr<acquire_order> order,
                                 exec_ctx* from) {
  lite_ptr<semaphore_actor> semaphore;
  {
    const std::lock_guard lock{mutex_};
    auto& found = semaphores_[{owner, limit}];
    if (!found) {
      found = spawn_lite<semaphore_actor>(home_, from, limit, concurrency_max);
    }
    semaphore = found;
  }
  send_to(*semaphore, semaphore_message::acquire{std::move(order)}, from);
  return semaphore->as_lender();
}

void system_core::on_run_started(run_core& run) {
  const std::lock_guard lock{mutex_};
  ++runs_;
  auto& place = run.listed_;
  if (std::exchange(place.is_listed, true)) return;
  place.before = nullptr;
  place.after = std::exchange(listed_, &run);
  if (place.after != nullptr) place.after->listed_.before = &run;
}

void system_core::on_run_ended() {
  const std::lock_guard lock{mutex_};
  count_end();
}

void system_core::on_run_over(run_core& run) {
  const std::lock_guard lock{mutex_};
  take_out(run);
  count_end();
}

void system_core::unlist(run_core& run) noexcept {
  const std::lock_guard lock{mutex_};
  assert(run.listed_.is_listed);
  take_out(run);
}

void system_core::count_end() {
  if (--runs_ == 0) changed_.notify_all();
}

void system_core::take_out(run_core& run) noexcept {
  auto& place = run.listed_;
  if (!std::exchange(place.is_listed, false)) return;
  (place.before != nullptr ? place.before->listed_.after : listed_) =
      place.after;
  if (place.after != nullptr) place.after->listed_.before = place.before;
}

void system_core::cancel_all(const std::string& reason) {
  std::vector<std::shared_ptr<run_core>> open;
  {
    const std::lock_guard lock{mutex_};
    for (auto* each = listed_; each != nullptr; each = each->listed_.after) {
      // One that goes away just now needs no cancelling.
      if (auto run = each->weak_from_this().lock()) {
        open.push_back(std::move(run));
      }
    }
  }
  for (const auto& each : open) each->cancel(reason);
}

std::size_t system_core::runs() const {
  const std::lock_guard lock{mutex_};
  return runs_;
}

void system_core::on_actor_gone() noexcept {
  if (actors_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::lock_guard lock{mutex_};
  changed_.notify_all();
}

}  // namespace troupe::detail
