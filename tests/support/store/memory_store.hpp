#pragma once

#include <troupe/store/run_store.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
  memory_store() : all_(std::make_shared<content>()) {}

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
  /// The time of what is committed from now on.
  void set_now(std::int64_t now_ms) {
    const std::scoped_lock lock{all_->mutex};
    all_->now_ms = now_ms;
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
  struct stored_run {
    troupe::run_record record;
    std::vector<troupe::stored_entry> entries;
  };

  struct content {
    mutable std::mutex mutex;
    std::map<std::string, stored_run, std::less<>> runs;
    std::map<std::string, std::string, std::less<>> parts;
    std::set<std::string, std::less<>> purged;
    std::int64_t now_ms = 1;
    std::size_t bytes = 0;

    troupe::begun_run begin(const troupe::run_record& what,
                            const std::vector<troupe::log_entry>& first) {
      using kind = troupe::begun_run::kind;
      const std::scoped_lock lock{mutex};
      if (const auto known = runs.find(what.id); known != runs.end()) {
        const auto& there = known->second.record;
        const bool is_same = there.flow == what.flow &&
                             there.input.text == what.input.text &&
                             there.params.text == what.params.text;
        return {is_same ? kind::known : kind::conflict, there, nullptr};
      }
      if (purged.contains(what.id)) return {kind::purged, {}, nullptr};
      auto& made = runs[what.id];
      made.record = what;
      take_parts(made.record.input);
      take_parts(made.record.params);
      if (made.record.created_ms == 0) made.record.created_ms = now_ms;
      made.record.updated_ms = now_ms;
      for (const auto& each : first) add(made, each);
      return {};
    }

    troupe::commit_result apply(const troupe::run_commit& what) {
      const std::scoped_lock lock{mutex};
      const auto found = runs.find(what.run);
      if (found == runs.end()) {
        return std::make_shared<const troupe::error>(
            troupe::errc::store_failed,
            "there is no run '" + what.run + "' in the store");
      }
      auto& run = found->second;
      for (const auto& each : what.entries) add(run, each);
      auto& record = run.record;
      const auto& change = what.change;
      record.updated_ms = now_ms;
      if (change.status) {
        record.status = *change.status;
        record.ended_ms = troupe::is_over(record.status) ? now_ms : 0;
      }
      if (change.end) record.end = *change.end;
      record.steps += change.steps_more;
      if (change.clears_recoveries) record.recoveries_in_vain = 0;
      if (change.recovers) {
        ++record.recoveries;
        ++record.recoveries_in_vain;
      }
      return nullptr;
    }

    void add(stored_run& to, troupe::log_entry entry) {
      bytes += entry.body.text.size();
      take_parts(entry.body);
      to.entries.push_back({to.entries.size() + 1, now_ms, std::move(entry)});
    }

    void take_parts(troupe::stored_text& from) {
      for (auto& each : from.parts) {
        bytes += each.bytes.size();
        parts.emplace(each.hash, std::move(each.bytes));
      }
      from.parts.clear();
    }

    [[nodiscard]] std::vector<troupe::run_record> list(
        const troupe::run_query& what) const {
      std::vector<troupe::run_record> found;
      for (auto at = runs.upper_bound(what.after);
           at != runs.end() && found.size() < what.limit; ++at) {
        if (selects(what, at->second.record))
          found.push_back(at->second.record);
      }
      return found;
    }

    [[nodiscard]] static bool selects(const troupe::run_query& what,
                                      const troupe::run_record& each) {
      bool has_status = what.statuses.empty();
      for (const auto status : what.statuses) {
        has_status = has_status || status == each.status;
      }
      return has_status && (!what.flow || *what.flow == each.flow) &&
             (!what.version || *what.version == each.version) &&
             (!what.created_before_ms ||
              each.created_ms < *what.created_before_ms) &&
             (!what.created_after_ms ||
              each.created_ms > *what.created_after_ms) &&
             (!what.ended_before_ms ||
              (each.ended_ms != 0 && each.ended_ms < *what.ended_before_ms)) &&
             (!what.failure ||
              each.end.find(*what.failure) != std::string::npos);
    }
  };

  class memory_reader : public troupe::store_reader {
   public:
    explicit memory_reader(std::shared_ptr<const content> all)
        : all_(std::move(all)) {}

    std::optional<troupe::run_record> find(std::string_view id) override {
      const std::scoped_lock lock{all_->mutex};
      const auto found = all_->runs.find(id);
      if (found == all_->runs.end()) return std::nullopt;
      return found->second.record;
    }
    std::vector<troupe::run_record> list(
        const troupe::run_query& what) override {
      const std::scoped_lock lock{all_->mutex};
      return all_->list(what);
    }
    std::vector<std::uint64_t> counts() override {
      const std::scoped_lock lock{all_->mutex};
      std::vector<std::uint64_t> made(
          static_cast<std::size_t>(troupe::run_status::cancelled) + 1);
      for (const auto& [id, run] : all_->runs) {
        ++made.at(static_cast<std::size_t>(run.record.status));
      }
      return made;
    }
    void entries(std::string_view run, std::uint64_t after, std::uint64_t upto,
                 const visitor& visit) override {
      // A copy of each, so that a visitor may call the store.
      for (std::uint64_t next = after;; ++next) {
        troupe::stored_entry entry;
        {
          const std::scoped_lock lock{all_->mutex};
          const auto found = all_->runs.find(run);
          if (found == all_->runs.end() || next >= upto ||
              next >= found->second.entries.size()) {
            return;
          }
          entry = found->second.entries[next];
        }
        if (!visit(entry)) return;
      }
    }
    std::optional<troupe::stored_entry> snapshot(std::string_view run,
                                                 std::string_view address,
                                                 std::uint64_t step) override {
      const std::scoped_lock lock{all_->mutex};
      const auto found = all_->runs.find(run);
      if (found == all_->runs.end()) return std::nullopt;
      const auto& entries = found->second.entries;
      for (auto each = entries.rbegin(); each != entries.rend(); ++each) {
        if (each->entry.what == troupe::log_entry::kind::snapshot &&
            each->entry.address == address && each->entry.step <= step) {
          return *each;
        }
      }
      return std::nullopt;
    }
    std::string part(std::string_view hash) override {
      const std::scoped_lock lock{all_->mutex};
      const auto found = all_->parts.find(hash);
      if (found != all_->parts.end()) return found->second;
      throw troupe::error{troupe::errc::store_failed,
                          "the store has no part '" + std::string{hash} + "'"};
    }
    bool was_purged(std::string_view id) override {
      const std::scoped_lock lock{all_->mutex};
      return all_->purged.contains(id);
    }

   private:
    std::shared_ptr<const content> all_;
  };

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
  std::shared_ptr<content> all_;
  std::deque<std::function<void()>> waiting_;
  std::function<troupe::json(const troupe::json&)> handler_;
  std::uint64_t commits_ = 0;
  std::uint64_t fails_from_ = ~std::uint64_t{0};
  std::uint64_t fails_at_ = 0;
  bool holds_back_ = false;
  bool is_closed_ = false;
};

}  // namespace troupe_test
