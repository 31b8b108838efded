#pragma once

#include "support/store/memory_store.hpp"

#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace troupe_test {

/// One life of a process that runs durable flows, in virtual time. Nothing is
/// committed but by `commit`, so that it can end between any two commits.
///
/// Thread safety: confined to one thread.
class life {
 public:
  explicit life(std::shared_ptr<memory_store> store,
                troupe::system_options options = {})
      : store_(std::move(store)), sim_(with_store(std::move(options))) {
    store_->hold_back();
  }
  life(const life&) = delete;
  life& operator=(const life&) = delete;
  /// Commits that it did not make are not in the copies of its store.
  ~life() { store_->release_all(); }

  [[nodiscard]] troupe::testing::simulation& sim() noexcept { return sim_; }
  [[nodiscard]] troupe::system& system() noexcept { return sim_.system(); }

  /// Makes the commit that waits. Returns whether there was one.
  bool commit_now() { return store_->release(1) != 0; }
  /// Goes on up to the next commit, and makes it. Returns whether there was
  /// one.
  bool commit() {
    for (;;) {
      sim_.run_ready();
      if (store_->release(1) != 0) return true;
      const auto due = sim_.system().core().timers()->next_due();
      if (!due) return false;
      sim_.advance(*due - sim_.now());
    }
  }
  /// Makes so many commits, or as many as there are. Returns their number.
  std::size_t commit(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!commit()) return i;
    }
    return count;
  }
  /// Goes on until `which` is done.
  troupe::outcome finish(const troupe::run& which) {
    while (!which.done() && commit()) {
    }
    sim_.run_ready();
    if (!which.done()) throw std::logic_error{"the run cannot go on"};
    return which.get();
  }
  /// The store as the next life finds it.
  [[nodiscard]] std::shared_ptr<memory_store> crash() const {
    return store_->copy();
  }

 private:
  troupe::system_options with_store(troupe::system_options options) {
    options.store = store_;
    return options;
  }

  std::shared_ptr<memory_store> store_;
  troupe::testing::simulation sim_;
};

}  // namespace troupe_test
