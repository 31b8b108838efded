#include "threads/service_threads.hpp"

#include "threads/start_thread.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

service_threads::number service_threads::start(std::function<void()> body,
                                               std::function<void()> stop) {
  join_those_that_returned();
  const std::lock_guard lock{mutex_};
  if (is_closed_) throw error{errc::shut_down, "the system has ended"};
  auto& added = threads_[++last_];
  try {
    added.thread = start_thread(
        "a service",
        [this, which = last_, work = std::move(body)] { run(which, work); });
  } catch (...) {
    threads_.erase(last_);
    throw;
  }
  added.stop = std::move(stop);
  return last_;
}

void service_threads::end(number which) noexcept {
  entry ended;
  {
    const std::lock_guard lock{mutex_};
    const auto known = threads_.find(which);
    if (known == threads_.end()) return;
    if (known->second.thread.get_id() == std::this_thread::get_id()) {
      known->second.stop();
      return;
    }
    ended = std::move(known->second);
    threads_.erase(known);
  }
  ended.stop();
  ended.thread.join();
}

void service_threads::close() noexcept {
  std::map<number, entry> all;
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    all.swap(threads_);
  }
  for (auto& [which, each] : all) each.stop();
  for (auto& [which, each] : all) each.thread.join();
}

void service_threads::run(number which, const std::function<void()>& body) {
  body();
  const std::lock_guard lock{mutex_};
  const auto known = threads_.find(which);
  if (known != threads_.end()) known->second.has_returned = true;
}

// Else they would add up in a system that lives long.
void service_threads::join_those_that_returned() noexcept {
  for (;;) {
    std::thread returned;
    {
      const std::lock_guard lock{mutex_};
      const auto found = std::find_if(
          threads_.begin(), threads_.end(),
          [](const auto& each) { return each.second.has_returned; });
      if (found == threads_.end()) return;
      returned = std::move(found->second.thread);
      threads_.erase(found);
    }
    returned.join();
  }
}

}  // namespace troupe::detail
