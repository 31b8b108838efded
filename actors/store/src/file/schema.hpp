#pragma once

#include "file/database.hpp"

#include <cstdint>
#include <string>

namespace troupe::detail {

/// The version of the tables that this library makes and reads.
inline constexpr std::int64_t schema_version = 1;
/// "Trpe", at a fixed place of the file.
inline constexpr std::int64_t application_id = 0x54727065;

/// The numbers of entries take so many bits of `log.key`, and the number of the
/// run those above.
inline constexpr int entry_bits = 32;
inline constexpr std::int64_t entries_of_run = std::int64_t{1} << entry_bits;

/// The key of an entry.
[[nodiscard]] constexpr std::int64_t log_key(std::int64_t run,
                                             std::int64_t number) noexcept {
  return run * entries_of_run + number;
}

/// Makes the tables of a new store. The log holds one row for an entry, whose
/// `steps` is the number of steps that its run has committed by then, so that a
/// step writes one row and nothing else.
void create_schema(database& in);
/// Returns true for an empty file.
/// Errors: throws `errc::store_failed` for a file that is no store, or one of
/// another version.
[[nodiscard]] bool is_new_store(database& in, const std::string& path);

/// A row of `meta`; "" if it is not there.
[[nodiscard]] std::string read_meta(database& in, const std::string& key);
void write_meta(database& in, const std::string& key, const std::string& value);

}  // namespace troupe::detail
