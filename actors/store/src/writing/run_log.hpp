#pragma once

#include "file/store_file.hpp"
#include "writing/commit_queue.hpp"
#include "writing/entry_indexer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Writes what requests ask for, within the transaction of the caller, and
/// remembers of each run what the next one needs.
///
/// Thread safety: confined to one thread.
class run_log {
 public:
  explicit run_log(store_file& file) : file_(file) {}

  // Each throws `SQLite::Exception` where SQLite failed, and an `error` before
  // anything was written.

  [[nodiscard]] begun_run begin(const run_begin& what, std::int64_t now_ms);
  void commit(const run_commit& what, std::int64_t now_ms);

  /// Indexes the entries since the last time, if there are many. Last of all in
  /// a transaction.
  void index_if_due() { index_.add_if_due(file_.connection()); }
  /// The transaction was committed.
  void keep();
  /// It was not.
  void undo();
  /// Forgets what it remembers of all runs, as the file was opened again.
  void forget();
  /// The end of an error text: up to where a run is safe.
  [[nodiscard]] std::string safe_up_to(const std::string& run);
  /// Later commits of that run fail, until it begins to go on.
  void refuse_later(const std::string& run) { broken_.insert(run); }
  [[nodiscard]] bool has_snapshots() const noexcept {
    return !snapshots_.empty();
  }
  /// The runs that have got snapshots since the last call, with their steps.
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> snapshots() {
    return std::exchange(snapshots_, {});
  }

 private:
  struct known_run {
    std::int64_t number = 0;
    std::int64_t last = 0;
    std::int64_t steps = 0;
    std::int64_t base = 0;
    bool in_vain = false;
    /// The bytes of its entries after the first `uncounted`.
    std::int64_t bytes = 0;
    /// The bytes of its input and its parts, likewise.
    std::int64_t other_bytes = 0;
    std::int64_t uncounted = 0;
    /// The round of indexing in which it last got an entry.
    std::int64_t round = 0;
  };

  [[nodiscard]] known_run& known(const std::string& id);
  void refuse_gap(const run_commit& what);
  void remember(const std::string& id);
  void write_entries(known_run& run, const std::vector<log_entry>& entries,
                     std::int64_t now_ms);
  void write_entry(known_run& run, const log_entry& entry, std::int64_t now_ms);
  void write_parts(known_run& run, const stored_text& text, std::int64_t last);
  void write_change(known_run& run, const run_commit& what,
                    std::int64_t now_ms);
  [[nodiscard]] std::int64_t bytes_of_run(const known_run& run);
  [[nodiscard]] std::int64_t shape_number(const std::string& shape);
  [[nodiscard]] std::optional<begun_run> find_begun(const run_record& what);
  [[nodiscard]] std::int64_t insert_run(const run_record& what,
                                        std::int64_t now_ms);

  store_file& file_;
  std::unordered_map<std::string, known_run> known_;
  /// The knowledge before the transaction.
  std::vector<std::pair<std::string, std::optional<known_run>>> before_;
  std::unordered_map<std::string, std::int64_t> shapes_;
  std::set<std::string> broken_;
  entry_indexer index_;
  std::vector<std::pair<std::int64_t, std::int64_t>> snapshots_;
};

}  // namespace troupe::detail
