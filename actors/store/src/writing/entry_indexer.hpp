#pragma once

#include "file/database.hpp"

#include <cstdint>
#include <optional>

namespace troupe::detail {

/// Gives new entries of the log their keys, and indexes them many at a time:
/// those of one run lie in one page of the index, so that they share the cost
/// of writing it. All within the transactions of the caller.
///
/// Thread safety: confined to one thread.
class entry_indexer {
 public:
  /// Returns the key of a new entry of a run. `round` is of that run, 0 at
  /// first, and is for this class alone.
  [[nodiscard]] std::int64_t next_key(database& in, std::int64_t& round);
  void add_all(database& in);
  /// Adds them if they are many, compared with the number of their runs.
  void add_if_due(database& in);
  /// A transaction was undone, or something else may have been written.
  void forget() noexcept { end_.reset(); }

 private:
  /// The end of the log, which is not indexed yet.
  struct log_end {
    std::int64_t next_key = 1;
    std::int64_t entries = 0;
    /// The runs that have these entries.
    std::int64_t runs = 0;
  };

  [[nodiscard]] log_end& end_of_log(database& in);

  /// Absent where it has to be read.
  std::optional<log_end> end_;
  /// Of indexing.
  std::int64_t round_ = 1;
};

}  // namespace troupe::detail
