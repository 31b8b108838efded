#pragma once

#include <troupe/store/store_file.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::detail {

/// The content of the file beside a store: who owns it, and what the store was
/// when it was last known to be on the disk.
struct owner_note {
  store_owner owner{};
  /// The start of that process, as the kernel counts it.
  std::string started{};
  std::string store{};
  std::uint64_t openings = 0;
  /// Counted up by the store now and then.
  std::uint64_t ticks = 0;
};

/// The ownership of a store: a lock on the file beside it, which the kernel
/// lets go of when the process ends, however it does.
///
/// Thread safety: confined to one thread.
class owner_file {
 public:
  /// Errors: throws `errc::store_failed` which names the owner, if there is
  /// one.
  explicit owner_file(const std::string& store);
  owner_file(const owner_file&) = delete;
  owner_file& operator=(const owner_file&) = delete;
  ~owner_file();

  /// The note of the last owner; nothing if there is none that can be read.
  [[nodiscard]] const std::optional<owner_note>& before() const noexcept {
    return before_;
  }
  /// Writes the note of this process.
  void note(std::string store, std::uint64_t openings, std::uint64_t ticks);

 private:
  [[nodiscard]] bool lock();

  std::string store_;
  int file_ = -1;
  std::optional<owner_note> before_{};
};

/// The owner of the store at `path`; nothing if no process owns it.
[[nodiscard]] std::optional<store_owner> find_owner(const std::string& path);

/// The name of this machine.
[[nodiscard]] std::string host_name();

}  // namespace troupe::detail
