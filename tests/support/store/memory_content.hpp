#pragma once

#include <troupe/store/run_store.hpp>

#include <cstddef>
#include <cstdint>
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

struct memory_run {
  troupe::run_record record;
  std::vector<troupe::stored_entry> entries;
};

/// The content of a store in memory, which its readers share.
///
/// Thread safety: members are called with `mutex` held, but for `begin` and
/// `apply`.
struct memory_content {
  mutable std::mutex mutex;
  std::map<std::string, memory_run, std::less<>> runs;
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
    if (change.version) record.version = *change.version;
    if (change.shape) record.shape = *change.shape;
    if (change.clears_recoveries) record.recoveries_in_vain = 0;
    if (change.recovers) {
      ++record.recoveries;
      ++record.recoveries_in_vain;
    }
    return nullptr;
  }

  void add(memory_run& to, troupe::log_entry entry) {
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
      if (selects(what, at->second.record)) found.push_back(at->second.record);
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
           (!what.failure || each.end.find(*what.failure) != std::string::npos);
  }
};

class memory_reader : public troupe::store_reader {
 public:
  explicit memory_reader(std::shared_ptr<const memory_content> all)
      : all_(std::move(all)) {}

  std::optional<troupe::run_record> find(std::string_view id) override {
    const std::scoped_lock lock{all_->mutex};
    const auto found = all_->runs.find(id);
    if (found == all_->runs.end()) return std::nullopt;
    return found->second.record;
  }
  std::vector<troupe::run_record> list(const troupe::run_query& what) override {
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
  std::shared_ptr<const memory_content> all_;
};

}  // namespace troupe_test
