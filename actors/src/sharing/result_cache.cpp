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

std::shared_ptr<semaphore> cache_core::maker_of(const std::string& key) {
  {
    const std::lock_guard lock{mutex_};
    const auto known = turns_.find(key);
    if (known != turns_.end()) {
      if (auto turn = known->second.lock()) return turn;
    }
  }
  // The last one who holds it makes the table forget it. Made without the lock,
  // which that takes, also when there is no memory for the turn.
  auto forget = [self = shared_from_this(), key](semaphore* gone) {
    self->forget_turn(key);
    delete gone;
  };
  std::shared_ptr<semaphore> made{new semaphore{system_, 1}, std::move(forget)};
  const std::lock_guard lock{mutex_};
  auto& known = turns_[key];
  if (auto turn = known.lock()) return turn;
  known = made;
  return made;
}

void cache_core::forget_turn(const std::string& key) {
  const std::lock_guard lock{mutex_};
  const auto at = turns_.find(key);
  // Meanwhile another may have taken the place.
  if (at != turns_.end() && at->second.expired()) turns_.erase(at);
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
