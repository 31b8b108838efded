#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/store/run_store.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The process that owns a store.
struct store_owner {
  std::int64_t process = 0;
  std::string host{};
};

/// The sizes and counts of a store.
struct store_info {
  std::string path{};
  /// The identity that it got when it was made, and how often it was opened.
  std::string id{};
  std::uint64_t openings = 0;
  std::int64_t schema_version = 0;
  std::string sqlite_version{};
  std::uint64_t file_bytes = 0;
  std::uint64_t wal_bytes = 0;
  /// Bytes of the file that hold nothing.
  std::uint64_t free_bytes = 0;
  /// In the order of `run_status`.
  std::vector<std::uint64_t> runs{};
  std::uint64_t entries = 0;
  std::uint64_t parts = 0;
  std::uint64_t part_bytes = 0;
  std::uint64_t purged = 0;
  std::optional<store_owner> owner{};
};

// Each of these opens the file for reading only, may be called while a process
// owns the store, and throws `errc::store_failed` for a file that is no store.

/// Makes a reader of a store that this process need not own.
[[nodiscard]] std::unique_ptr<store_reader> read_store(
    const std::filesystem::path& file);
[[nodiscard]] store_info read_store_info(const std::filesystem::path& file);
/// Reads all of a store and returns what does not fit together: pages of the
/// file, gaps in logs, parts that are missing, unused, or not what their hash
/// says. At most 100 sentences; none for a sound store.
[[nodiscard]] std::vector<std::string> check_store(
    const std::filesystem::path& file);
/// Writes a copy of a store as of now to a new file, of mode 0600. A copy
/// becomes a store by `changed_file::adopted`, or by taking the place of one
/// that is gone.
/// Errors: also throws if there is a file at `to`.
void backup_store(const std::filesystem::path& file,
                  const std::filesystem::path& to);

/// Gives the bytes that hold nothing back to the file system, through the owner
/// if there is one. Returns the number of bytes.
std::uint64_t compact_store(const std::filesystem::path& file);

/// Sends an object to the owner of a store, and returns its answer.
/// Errors: throws `errc::request_failed` if no process owns it, and
/// `errc::timed_out` without an answer within `limit`.
[[nodiscard]] json ask_owner(const std::filesystem::path& file,
                             const json& request, duration limit);

}  // namespace troupe
