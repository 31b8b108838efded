#pragma once

#include "file/database.hpp"

#include <cstdint>
#include <string>

namespace troupe::detail {

/// The version of the tables that this library makes and reads.
inline constexpr std::int64_t schema_version = 1;
/// "Trpe", at a fixed place of the file.
inline constexpr std::int64_t application_id = 0x54727065;

/// Makes the tables of a new store. The log holds one row for an entry, in the
/// order in which they were committed, so that a commit of many runs writes few
/// pages. The `steps` of an entry is the number of steps that its run has
/// committed by then, so that a step writes one row and nothing else: the
/// entries after `indexed.upto` get into `entry_index` many at a time.
void create_schema(database& in);
/// Returns true for an empty file.
/// Errors: throws `errc::store_failed` for a file that is no store, or one of
/// another version.
[[nodiscard]] bool is_new_store(database& in, const std::string& path);

/// A row of `meta`; "" if it is not there.
[[nodiscard]] std::string read_meta(database& in, const std::string& key);
void write_meta(database& in, const std::string& key, const std::string& value);

}  // namespace troupe::detail
