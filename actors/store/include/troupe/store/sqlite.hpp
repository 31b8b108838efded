#pragma once

#include <troupe/store/retention.hpp>
#include <troupe/store/run_store.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// A choice for a store in a network file system, whose locks and memory maps
/// SQLite cannot rely on.
enum class network_files : std::uint8_t { refused, allowed };

/// A choice for a file that is not the one that was last in use here: a copy of
/// a store that is still there, an older state, another store.
enum class changed_file : std::uint8_t {
  refused,
  /// It becomes a store of its own, with an identity of its own.
  adopted,
};

/// The options of `sqlite`.
struct sqlite_options {
  /// By the name of the flow; "" for flows that are not named.
  std::map<std::string, retention_rule> retention{};
  /// The steps of a run whose history is kept. What is before the last
  /// snapshot that leaves so many is deleted while the run goes on. Absent:
  /// all.
  std::optional<std::uint64_t> history_max{};
  /// The bounds of what waits to be written.
  std::size_t queue_max = 10'000;
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  network_files network = network_files::refused;
  changed_file changed = changed_file::refused;
  /// Gets what a person should know of the store: at opening, that the SQLite
  /// library has a known fault, and why. Called on the opening thread or on
  /// that of the store; it must not throw. Null for nobody.
  std::function<void(const std::string&)> on_notice{};
};

/// Opens a store of runs in a file of SQLite, which is made if it is not there;
/// its directory must be. Beside it lie "-wal", "-shm", ".owner" and ".sock".
/// All of them have mode 0600. One process owns it as long as this lives.
///
/// A durable commit of one run takes about as long as writing the bytes, and in
/// `durability::full` one sync of the disk for all that waits.
///
/// After a commit of a run has failed, others of that run fail as well, until
/// one that counts a recovery or sets the status `running`: its log gets no
/// gap. Errors: throws `errc::store_failed` whose text names the file and says
/// what to do: another owner, a network file system, a newer schema, a file
/// that is read-only, damaged, a copy, or no store.
[[nodiscard]] std::shared_ptr<run_store> sqlite(std::filesystem::path file);
[[nodiscard]] std::shared_ptr<run_store> sqlite(std::filesystem::path file,
                                                sqlite_options options);

}  // namespace troupe
