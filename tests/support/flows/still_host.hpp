#pragma once

#include <troupe/detail/fiber/fiber_owner.hpp>
#include <troupe/detail/fiber/permit_answer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace troupe_test {

/// A host of coroutines without an actor: time stands still, blocking calls
/// and permits wait until the test lets them go on.
class still_host final : public troupe::detail::fiber_owner {
 public:
  using wake_key = troupe::detail::wake_key;

  troupe::time_point now() const noexcept override { return now_; }

  std::uint64_t wake_at(troupe::time_point due, wake_key key) override {
    timers_.push_back({++last_timer_, due, key});
    return last_timer_;
  }
  void cancel_timer(std::uint64_t timer) noexcept override {
    std::erase_if(timers_, [&](const auto& each) { return each.id == timer; });
  }
  void run_blocking(std::shared_ptr<troupe::detail::blocking_job> job,
                    wake_key key) override {
    jobs_.emplace_back(std::move(job), key);
  }
  const void* acquire(const void* owner, std::uint32_t, wake_key key,
                      const troupe::detail::held_permits*) override {
    asked_.push_back(key);
    return owner;
  }

  /// Moves the time on and fires what is due, in order.
  void advance(troupe::duration span) {
    const auto end = now_ + span;
    for (;;) {
      const auto first = std::min_element(
          timers_.begin(), timers_.end(),
          [](const auto& a, const auto& b) { return a.due < b.due; });
      if (first == timers_.end() || first->due > end) break;
      const auto fired = *first;
      timers_.erase(first);
      now_ = std::max(now_, fired.due);
      wake(fired.key);
    }
    now_ = end;
  }
  /// Runs the first blocking call. Returns whether somebody waited for it.
  bool run_job() {
    const auto [job, key] = std::move(jobs_.front());
    jobs_.pop_front();
    job->run(now_);
    return wake(key);
  }
  /// Gives a permit to the first who asked.
  bool give(std::shared_ptr<void> permit) {
    const auto key = asked_.front();
    asked_.pop_front();
    troupe::detail::permit_answer given{std::move(permit), {}};
    return wake(key, &given);
  }

  [[nodiscard]] std::size_t timers() const { return timers_.size(); }
  [[nodiscard]] std::size_t jobs() const { return jobs_.size(); }

 private:
  struct armed {
    std::uint64_t id;
    troupe::time_point due;
    wake_key key;
  };

  troupe::time_point now_{};
  std::uint64_t last_timer_ = 0;
  std::vector<armed> timers_;
  std::deque<std::pair<std::shared_ptr<troupe::detail::blocking_job>, wake_key>>
      jobs_;
  std::deque<wake_key> asked_;
};

}  // namespace troupe_test
