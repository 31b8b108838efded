#pragma once

#include "support/store/memory_content.hpp"

#include <troupe/store/run_store.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe_test {

/// A store in memory, with the faults that tests ask for. Each commit is made
/// within `submit`, unless commits are held back.
///
/// Thread safety: internally synchronised; readers see each commit at once.
class memory_store : public troupe::run_store {
 public:
  memory_store() : all_(std::make_shared<memory_content>()) {}

  // -- faults ----------------------------------------------------------------

  /// From now on commits, and beginnings of runs, wait for `release`.
  void hold_back() {
    const std::scoped_lock lock{mutex_};
    holds_back_ = true;
  }
  /// Makes the next `count` of those that wait, in their order. Returns the
  /// number of them.
  std::size_t release(std::size_t count) {
    std::size_t made = 0;
    for (; made != count; ++made) {
      std::function<void()> next;
      {
        const std::scoped_lock lock{mutex_};
        if (waiting_.empty()) return made;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      next();
    }
    return made;
  }
  /// Makes all that wait, and holds back no more.
  void release_all() {
    {
      const std::scoped_lock lock{mutex_};
      holds_back_ = false;
    }
    while (release(1) != 0) {
    }
  }
  [[nodiscard]] std::size_t held() const {
    const std::scoped_lock lock{mutex_};
    return waiting_.size();
  }
  /// Lets the commit of that number fail, counted from 1 over commits and
  /// beginnings, and all after it.
  void fail_from(std::uint64_t commit) {
    const std::scoped_lock lock{mutex_};
    fails_from_ = commit;
  }
  /// The same, for that one only.
  void fail_at(std::uint64_t commit) {
    const std::scoped_lock lock{mutex_};
    fails_at_ = commit;
  }
  /// Commits made, or failed, so far.
  [[nodiscard]] std::uint64_t commits() const {
    const std::scoped_lock lock{mutex_};
    return commits_;
  }
  /// The store as the next process finds it after a crash: with what is
  /// committed now, and without what waits.
  [[nodiscard]] std::unique_ptr<memory_store> copy() const {
    auto made = std::make_unique<memory_store>();
    const std::scoped_lock lock{mutex_, all_->mutex};
    made->all_->runs = all_->runs;
    made->all_->parts = all_->parts;
    made->all_->purged = all_->purged;
    made->all_->now_ms = all_->now_ms;
    return made;
  }
  /// Bytes of all entries, with their parts each time they were written.
  [[nodiscard]] std::size_t bytes() const {
    const std::scoped_lock lock{all_->mutex};
    return all_->bytes;
  }
  /// Carries out what another process asks the owner for.
  [[nodiscard]] troupe::json request(const troupe::json& what) const {
    std::function<troupe::json(const troupe::json&)> handler;
    {
      const std::scoped_lock lock{mutex_};
      handler = handler_;
    }
    return handler ? handler(what) : troupe::json{{"error", "no owner"}};
  }

  // -- run_store -------------------------------------------------------------

  void begin(troupe::run_record what, std::vector<troupe::log_entry> first,
             std::function<void(troupe::begun_run)> done) override {
    queue([this, what = std::move(what), first = std::move(first),
           done = std::move(done)](const troupe::commit_result& fault) {
      troupe::begun_run made;
      if (fault) {
        made.how = troupe::begun_run::kind::failed;
        made.failure = fault;
      } else {
        made = all_->begin(what, first);
      }
      if (done) done(std::move(made));
    });
  }

  void submit(troupe::run_commit what) override {
    queue([this, what = std::move(what)](troupe::commit_result fault) {
      if (!fault) fault = all_->apply(what);
      if (what.done) what.done(fault);
    });
  }

  std::uint64_t purge(const troupe::run_query& which) override {
    const std::scoped_lock lock{all_->mutex};
    std::uint64_t count = 0;
    for (const auto& each : all_->list(which)) {
      if (!troupe::is_over(each.status)) continue;
      all_->runs.erase(each.id);
      all_->purged.insert(each.id);
      ++count;
    }
    return count;
  }

  [[nodiscard]] std::unique_ptr<troupe::store_reader> reader() override {
    return std::make_unique<memory_reader>(all_);
  }

  void on_request(
      std::function<troupe::json(const troupe::json&)> handler) override {
    const std::scoped_lock lock{mutex_};
    handler_ = std::move(handler);
  }

  [[nodiscard]] std::string name() const override { return "memory"; }

  void close() noexcept override {
    release_all();
    const std::scoped_lock lock{mutex_};
    is_closed_ = true;
  }

 private:
  /// Performs `work` now, or at `release`, with the fault that it meets.
  void queue(std::function<void(const troupe::commit_result&)> work) {
    auto perform = [this, work = std::move(work)] { work(next_fault()); };
    {
      const std::scoped_lock lock{mutex_};
      if (holds_back_) {
        waiting_.emplace_back(std::move(perform));
        return;
      }
    }
    perform();
  }

  troupe::commit_result next_fault() {
    const std::scoped_lock lock{mutex_};
    ++commits_;
    if (is_closed_) {
      return std::make_shared<const troupe::error>(troupe::errc::shut_down,
                                                   "the store was closed");
    }
    if (commits_ < fails_from_ && commits_ != fails_at_) return nullptr;
    return std::make_shared<const troupe::error>(
        troupe::errc::store_failed,
        "commit " + std::to_string(commits_) + " fails as the test asks");
  }

  mutable std::mutex mutex_;
  std::shared_ptr<memory_content> all_;
  std::deque<std::function<void()>> waiting_;
  std::function<troupe::json(const troupe::json&)> handler_;
  std::uint64_t commits_ = 0;
  std::uint64_t fails_from_ = ~std::uint64_t{0};
  std::uint64_t fails_at_ = 0;
  bool holds_back_ = false;
  bool is_closed_ = false;
};

}  // namespace troupe_test
