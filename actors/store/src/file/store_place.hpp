#pragma once

#include <troupe/store/sqlite.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace troupe::detail {

/// The path of a store, without links, so that all its files lie together.
/// Errors: throws `errc::store_failed` for a directory that is missing, and for
/// what is no file.
[[nodiscard]] std::string store_path(const std::filesystem::path& file);
/// Makes the file if it is not there, and gives the existing ones of a store
/// the mode 0600. Errors: throws `errc::store_failed` for one that cannot be
/// written.
void prepare_files(const std::string& path);
/// Errors: throws `errc::store_failed` for a network file system, unless that
/// is allowed.
void refuse_network_files(const std::string& path, network_files choice);
/// The name of the kind of file system with that number in `statfs`, if it is
/// one over a network or in a user's program; "" otherwise.
[[nodiscard]] std::string_view network_file_system(std::int64_t type) noexcept;

/// The file itself, whatever its name: the device and the number on it.
struct file_number {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const file_number&, const file_number&) = default;
};
/// Zeros if there is none.
[[nodiscard]] file_number number_of(const std::string& path) noexcept;

}  // namespace troupe::detail
