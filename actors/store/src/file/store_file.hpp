#pragma once

#include "file/database.hpp"
#include "file/owner_file.hpp"
#include "file/store_place.hpp"

#include <troupe/store/sqlite.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::detail {

/// The file of a store that this process owns: the connection that writes and
/// makes checkpoints, and what tells this file from others.
///
/// Thread safety: confined to one thread; `path` may be used on any.
class store_file {
 public:
  /// Errors: throws `errc::store_failed`.
  store_file(const std::filesystem::path& file, const sqlite_options& options,
             std::string vfs);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::string& vfs() const noexcept { return vfs_; }
  [[nodiscard]] database& connection() noexcept { return *connection_; }

  /// Copies the log of SQLite into the file. Nothing may read what is thrown
  /// away by `truncates`, or it does no more than the other one.
  enum class checkpoint : std::uint8_t { passive, truncates };
  void make_checkpoint(checkpoint how);
  /// The pages in the log of SQLite.
  [[nodiscard]] int log_pages() const noexcept { return log_pages_; }
  /// Errors: throws `errc::store_failed` if the file is not at its path any
  /// more.
  void check_place() const;
  /// Opens the file again after a fault that leaves its contents in doubt, and
  /// reads it. Nothing of the old connection is written any more.
  /// Errors: throws `errc::store_failed`.
  void reopen();
  /// Nothing is written when it is closed.
  void abandon() noexcept {
    if (connection_) connection_->abandon();
  }
  /// Tells a person.
  void notify(const std::string& text) const;

 private:
  void connect();
  void check_pages();
  void identify();
  void refuse_older();
  void refuse_copy();
  void make_identity();
  void write_home();

  const sqlite_options& options_;
  std::string path_;
  std::string vfs_;
  std::unique_ptr<owner_file> owner_;
  std::unique_ptr<database> connection_;
  file_number number_;
  std::string id_;
  std::uint64_t openings_ = 0;
  std::uint64_t ticks_ = 0;
  int log_pages_ = 0;
};

}  // namespace troupe::detail
