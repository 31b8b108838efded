#include <troupe/result_cache.hpp>
#include <troupe/system.hpp>

#include <utility>

namespace troupe {

namespace detail {

std::optional<value> cache_core::find(const std::string& key, time_point now) {
  const std::lock_guard lock{mutex_};
  auto found = store_.find(key, now);
  if (found) ++hits_;
  return found;
}

void cache_core::put(const std::string& key, value result, time_point now) {
  const std::lock_guard lock{mutex_};
  ++misses_;
  store_.put(key, std::move(result), now);
}

std::shared_ptr<semaphore> cache_core::lock_of(const std::string& key) {
  {
    const std::lock_guard lock{mutex_};
    const auto known = locks_.find(key);
    if (known != locks_.end()) {
      if (auto shared = known->second.lock()) return shared;
    }
  }
  // The table forgets a lock when its last owner lets it go. It is made while
  // the mutex is free: the deleter takes the mutex, and it runs at once if
  // there is no memory for the reference count.
  auto forget = [self = shared_from_this(), key](semaphore* gone) {
    self->forget_lock(key);
    delete gone;
  };
  std::shared_ptr<semaphore> made{new semaphore{system_, 1}, std::move(forget)};
  const std::lock_guard lock{mutex_};
  auto& known = locks_[key];
  if (auto shared = known.lock()) return shared;
  known = made;
  return made;
}

void cache_core::forget_lock(const std::string& key) {
  const std::lock_guard lock{mutex_};
  const auto at = locks_.find(key);
  // Somebody may have made another one for the key meanwhile.
  if (at != locks_.end() && at->second.expired()) locks_.erase(at);
}

void cache_core::clear() {
  const std::lock_guard lock{mutex_};
  store_.clear();
}

cache_counts cache_core::counts() const {
  const std::lock_guard lock{mutex_};
  return {hits_, misses_, store_.size(), store_.bytes()};
}

}  // namespace detail

result_cache::result_cache(system& where, result_store_options options) {
  const auto mistakes = mistakes_in(options);
  if (!mistakes.empty()) throw error{errc::bad_flow, mistakes.front()};
  core_ = std::make_shared<detail::cache_core>(where, options);
}

}  // namespace troupe
