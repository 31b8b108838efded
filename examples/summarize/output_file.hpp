#pragma once

#include <filesystem>
#include <fstream>

namespace summarize {

/// A file that appears under its name complete or not at all.
///
/// What is written goes to a temporary file beside it, which `commit` renames.
/// Without `commit` the temporary file is removed and the old content, if any,
/// stays. A target that is a device or a pipe is written to directly, and a
/// symbolic link is followed, so that neither is replaced by a file.
/// Thread safety: not safe to share; use from one thread at a time.
class output_file {
 public:
  /// Throws std::system_error, with a text that names `path`, if there is no
  /// way to write there.
  explicit output_file(const std::filesystem::path& path);
  ~output_file();

  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  [[nodiscard]] std::ostream& stream() { return stream_; }

  /// Gives the file its name. Throws std::system_error if anything could not
  /// be written.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty when the target is written to
  std::ofstream stream_;
};

}  // namespace summarize
