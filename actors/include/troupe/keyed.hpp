#pragma once

#include <troupe/error.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace troupe {

/// A limit for each key, for example for each model or tenant, made when it is
/// first asked for:
///
///     const troupe::keyed<troupe::rate_limit> by_tenant{
///         [&](std::string_view) { return troupe::rate_limit{runtime, each};
///         }};
///     auto pass = co_await by_tenant.of("tenant 7").acquire();
///
/// At most `keys_max` are kept; beyond that the least recently used one is
/// forgotten: its users keep it, and its key begins anew.
///
/// This is a handle: copies share the limits.
///
/// Thread safety: immutable. One thread at a time calls `make`.
template <class Limit>
class keyed {
 public:
  using maker = std::function<Limit(std::string_view key)>;

  /// Errors: throws `errc::bad_flow` without a `make`, and for no keys.
  explicit keyed(maker make, std::size_t keys_max = 10'000)
      : shared_(std::make_shared<shared>(std::move(make), keys_max)) {
    if (!shared_->make) {
      throw error{errc::bad_flow,
                  "keyed: the function that makes a value is empty"};
    }
    if (keys_max < 1) {
      throw error{errc::bad_flow, "keyed: keys_max must be at least 1"};
    }
  }

  /// The limit of `key`. Errors: those of `make`.
  [[nodiscard]] Limit of(std::string_view key) const {
    const std::lock_guard lock{shared_->mutex};
    auto& all = shared_->all;
    const auto found = shared_->places.find(std::string{key});
    if (found != shared_->places.end()) {
      all.splice(all.begin(), all, found->second);
      return found->second->second;
    }
    all.emplace_front(key, shared_->make(key));
    shared_->places.emplace(all.front().first, all.begin());
    if (all.size() > shared_->keys_max) {
      shared_->places.erase(all.back().first);
      all.pop_back();
    }
    return all.front().second;
  }

  /// Returns the number of keys that are kept.
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock{shared_->mutex};
    return shared_->all.size();
  }

 private:
  using entries = std::list<std::pair<std::string, Limit>>;

  struct shared {
    shared(maker how, std::size_t most)
        : make(std::move(how)), keys_max(most) {}

    const maker make;
    const std::size_t keys_max;
    std::mutex mutex;
    /// The ones asked for last come first.
    entries all;
    std::unordered_map<std::string, typename entries::iterator> places;
  };

  std::shared_ptr<shared> shared_;
};

}  // namespace troupe
