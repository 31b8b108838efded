#pragma once

#include "file/database.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

/// Adds the entries of the log that `entry_index` lacks, within the transaction
/// of the caller. Only the connection that writes may do so.
void index_entries(database& in);

/// The entries of the log that `entry_index` lacks, by their runs. It reads
/// each of them once, however often it is asked.
///
/// Thread safety: confined to one thread.
class unindexed_entries {
 public:
  struct place {
    std::int64_t number = 0;
    std::int64_t key = 0;
  };
  struct entries_of_run {
    std::vector<place> places;
    /// Of the last one.
    std::int64_t steps = 0;
    std::int64_t at_ms = 0;
  };

  /// Sees what the transaction of the caller sees.
  void catch_up(database& in);
  /// The entries of a run in their order; null if there is none.
  [[nodiscard]] const entries_of_run* find(std::int64_t run) const noexcept;

 private:
  void forget_indexed(std::int64_t upto);

  std::unordered_map<std::int64_t, entries_of_run> runs_;
  std::int64_t indexed_ = 0;
  std::int64_t seen_ = 0;
};

}  // namespace troupe::detail
