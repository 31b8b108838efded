#pragma once

#include <troupe/context.hpp>
#include <troupe/json_text.hpp>
#include <troupe/result_store.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace troupe {

class system;

/// Counts of what a cache has done so far, and of what it holds.
struct cache_counts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

namespace detail {

/// The shared state of the copies of a cache.
///
/// Thread safety: internally synchronised.
class cache_core : public std::enable_shared_from_this<cache_core> {
 public:
  cache_core(system& where, result_store_options options)
      : system_(where), store_(options) {}

  [[nodiscard]] std::optional<value> find(const std::string& key,
                                          time_point now);
  void put(const std::string& key, value result, time_point now);
  /// Returns the lock under which the result of `key` is made, a semaphore of
  /// one permit. All who ask while somebody has it get the same.
  [[nodiscard]] std::shared_ptr<semaphore> lock_of(const std::string& key);
  void clear();
  [[nodiscard]] cache_counts counts() const;

 private:
  void forget_lock(const std::string& key);

  system& system_;
  mutable std::mutex mutex_;
  result_store store_;
  std::unordered_map<std::string, std::weak_ptr<semaphore>> locks_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

template <class T>
task<T> get_or_make(std::shared_ptr<cache_core> core, context& ctx,
                    std::string key, task<T> work) {
  // A kept result may be what made the first attempt fail.
  const bool reads = ctx.attempt() == 0;
  if (reads) {
    if (auto kept = core->find(key, ctx.now()))
      co_return kept->template get<T>();
  }
  const auto lock = core->lock_of(key);
  auto waiting = lock->acquire();
  const permit mine = co_await waiting;
  if (reads) {
    if (auto kept = core->find(key, ctx.now()))
      co_return kept->template get<T>();
  }
  T made = co_await work;
  core->put(key, value(made), ctx.now());
  co_return made;
}

}  // namespace detail

/// A cache of expensive results, by their input:
///
///     troupe::result_cache cache{runtime, {.ttl = 1h}};
///     // in a node's exec:
///     auto work = summarize(text);  // a task<std::string>, not begun yet
///     co_return co_await cache.get(ctx, text, std::move(work));
///
/// A call for a result that is being made waits for it, and makes it itself if
/// that fails: the work for one input is never done twice at the same time. An
/// attempt after the first makes its result anew, since the kept result may be
/// the reason why the one before failed.
///
/// This is a handle: copies share what is kept. It must not be used after its
/// system.
///
/// Thread safety: immutable.
class result_cache {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options.
  explicit result_cache(system& where)
      : result_cache(where, result_store_options{}) {}
  result_cache(system& where, result_store_options options);

  /// Returns the result of `work`, which must depend on `input` alone.
  /// Errors: those of `work`, which are not kept.
  /// Cancellation: reaches `work`; one of the waiting calls then does it.
  template <class T>
    requires(json_convertible<T>&& json_readable<T>)
  [[nodiscard]] task<T> get(context& ctx, const value& input,
                            task<T> work) const {
    return detail::get_or_make(core_, ctx, write_json(input.to_json()),
                               std::move(work));
  }

  /// Forgets all.
  void clear() const { core_->clear(); }
  [[nodiscard]] cache_counts counts() const { return core_->counts(); }

 private:
  std::shared_ptr<detail::cache_core> core_;
};

}  // namespace troupe
