#pragma once

#include <troupe/store/run_store.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// A store as a process uses it that dies after it has committed a number of
/// steps: later commits are not made, and the one after which it dies is
/// answered by nobody until `bury`. Hands all else on to another store, which
/// outlives it.
///
/// Made by `std::make_shared`.
///
/// Thread safety: internally synchronised.
class mortal_store final : public troupe::run_store,
                           public std::enable_shared_from_this<mortal_store> {
 public:
  /// `died` is called once, on any thread.
  mortal_store(std::shared_ptr<troupe::run_store> inner, std::size_t steps,
               std::function<void()> died)
      : inner_(std::move(inner)), left_(steps), died_(std::move(died)) {}

  /// Answers all who wait that nothing was committed.
  void bury() {
    std::vector<std::function<void(const troupe::commit_result&)>> waiting;
    {
      const std::scoped_lock lock{mutex_};
      is_dead_ = is_buried_ = true;
      waiting.swap(waiting_);
    }
    for (const auto& each : waiting) each(dead());
  }

  void begin(troupe::run_record what, std::vector<troupe::log_entry> first,
             std::function<void(troupe::begun_run)> done) override {
    inner_->begin(std::move(what), std::move(first), std::move(done));
  }

  void submit(troupe::run_commit what) override {
    bool is_last = false;
    {
      const std::scoped_lock lock{mutex_};
      if (is_buried_) {
        if (what.done) what.done(dead());
        return;
      }
      if (is_dead_) {
        if (what.done) waiting_.push_back(std::move(what.done));
        return;
      }
      if (what.change.steps_more != 0) is_last = left_-- == 1;
      is_dead_ = is_last;
    }
    if (is_last) {
      what.done = [self = shared_from_this(), done = std::move(what.done)](
                      const troupe::commit_result&) mutable {
        self->hold(std::move(done));
        self->died_();
      };
    }
    inner_->submit(std::move(what));
  }

  std::uint64_t purge(const troupe::run_query& which) override {
    return inner_->purge(which);
  }
  [[nodiscard]] std::unique_ptr<troupe::store_reader> reader() override {
    return inner_->reader();
  }
  void on_request(
      std::function<troupe::json(const troupe::json&)> handler) override {
    inner_->on_request(std::move(handler));
  }
  [[nodiscard]] std::string name() const override { return inner_->name(); }
  void close() noexcept override {}

 private:
  static troupe::commit_result dead() {
    return std::make_shared<const troupe::error>(troupe::errc::shut_down,
                                                 "the process is dead");
  }

  void hold(std::function<void(const troupe::commit_result&)> done) {
    if (!done) return;
    {
      const std::scoped_lock lock{mutex_};
      if (!is_buried_) {
        waiting_.push_back(std::move(done));
        return;
      }
    }
    done(dead());
  }

  std::mutex mutex_;
  const std::shared_ptr<troupe::run_store> inner_;
  std::size_t left_;
  const std::function<void()> died_;
  std::vector<std::function<void(const troupe::commit_result&)>> waiting_;
  bool is_dead_ = false;
  bool is_buried_ = false;
};

}  // namespace troupe_test
