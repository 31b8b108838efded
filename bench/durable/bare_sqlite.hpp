#pragma once

#include <troupe/store/durability.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace troupe::bench {

/// The commits of a loop without a runtime.
struct bare_commits {
  std::int64_t rows = 0;
  /// Of each row.
  std::size_t bytes = 0;
  /// Of each transaction.
  std::int64_t rows_at_once = 1;
  durability sync = durability::normal;
};

/// Writes these rows to a new file, and returns the microseconds per row.
/// Errors: throws `std::runtime_error`.
[[nodiscard]] double bare_us_per_row(const std::filesystem::path& file,
                                     const bare_commits& what);

}  // namespace troupe::bench
