#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace troupe_test {

/// A layer under SQLite, over the files of the machine. It knows what was synced
/// and what was not, can give the disk as it may look after a loss of power,
/// and can let an operation fail. Operations on files of a store are numbered
/// from 1: writes, syncs and truncations.
///
/// Thread safety: internally synchronised.
class faulty_disk {
 public:
  enum class fault : std::uint8_t { io_error, full, short_write, short_full };

  faulty_disk();
  faulty_disk(const faulty_disk&) = delete;
  faulty_disk& operator=(const faulty_disk&) = delete;
  ~faulty_disk();

  /// The name of the VFS.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t operations() const;
  /// Lets the operation with this number fail, once.
  void fail_at(std::uint64_t operation, fault how);
  /// Takes a picture of the disk before the operation with this number, after
  /// a call of `on_loss`. The process goes on as if nothing had happened.
  void lose_power_at(std::uint64_t operation, std::function<void()> on_loss);
  /// Writes the picture to a folder: what was synced, and of the rest some, in
  /// any order, torn between sectors. Nothing if the power was not lost.
  bool restore(const std::filesystem::path& folder, std::mt19937& random) const;
  /// The connections that have written to a file of that ending, or truncated
  /// it.
  [[nodiscard]] std::size_t writers_of(const std::string& ending) const;

  // For the functions of the VFS.

  /// What to do before an operation.
  enum class decision : std::uint8_t { go_on, io_error, full, half_error, half_full };
  [[nodiscard]] decision before_operation();
  void on_open(const std::string& path);
  void on_write(const std::string& path, const void* by, const void* bytes,
                std::size_t size, std::uint64_t offset);
  void on_truncate(const std::string& path, const void* by, std::uint64_t size);
  void on_sync(const std::string& path);
  void on_delete(const std::string& path);

 private:
  struct change {
    bool is_truncation = false;
    std::uint64_t offset = 0;
    std::string bytes{};
  };
  struct file {
    std::string synced{};
    std::vector<change> unsynced{};
    std::map<const void*, int> writers{};
  };
  static void apply(std::string& content, const change& what);

  mutable std::mutex mutex_;
  std::string name_;
  sqlite3_vfs* vfs_;
  std::uint64_t operations_ = 0;
  std::uint64_t fails_at_ = 0;
  fault how_ = fault::io_error;
  std::uint64_t loses_at_ = 0;
  std::function<void()> on_loss_;
  std::map<std::string, file> files_;
  std::map<std::string, file> picture_;
};

}  // namespace troupe_test
