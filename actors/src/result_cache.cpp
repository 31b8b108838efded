#include <troupe/result_cache.hpp>

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

std::shared_ptr<semaphore> cache_core::turn_for(const std::string& key) {
  const std::lock_guard lock{mutex_};
  auto& known = turns_[key];
  if (auto turn = known.lock()) return turn;
  // The last one who holds it makes the table forget it.
  std::shared_ptr<semaphore> turn{new semaphore{system_, 1},
                                  [self = shared_from_this(), key](auto* gone) {
                                    self->forget_turn(key);
                                    delete gone;
                                  }};
  known = turn;
  return turn;
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
