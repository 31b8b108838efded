#pragma once

#include "summarize/files/descriptor.hpp"

#include <filesystem>
#include <string_view>

namespace summarize {

/// The result of `open_directory`: a directory, or the error number.
struct opened {
  descriptor file;
  int fault = 0;
};

/// An open directory, below which files are opened without following any link,
/// so that nothing that is moved or linked meanwhile leads out of it.
/// Thread safety: internally synchronised.
class open_directory {
 public:
  /// If that cannot be opened, everything below has the `fault` of this.
  explicit open_directory(const std::filesystem::path& path);

  /// Opens `name`, relative to the directory; the directory itself if that is
  /// empty. Each part of it must be what it is called, not a link (`ELOOP`,
  /// for all but the last also `ENOTDIR`) nor `..` (`EINVAL`). Never waits for
  /// the other end of a pipe.
  [[nodiscard]] opened open_below(std::string_view name, int flags) const;

  [[nodiscard]] int fault() const noexcept { return fault_; }

 private:
  descriptor folder_;
  int fault_ = 0;
};

}  // namespace summarize
