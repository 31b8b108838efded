#pragma once

#include "summarize/files/descriptor.hpp"

#include <filesystem>
#include <sstream>
#include <string>

namespace summarize {

/// A file that appears under its name complete or not at all.
///
/// Written text is kept until `commit`, which writes it to the temporary
/// file beside the target, waits for the disk, and renames that file. The
/// temporary file is new, with a random name, `NAME.part-` and 16 digits, and
/// has the permissions of the file that it replaces. Without `commit` it is
/// removed and the old content, if any, stays.
///
/// A target that is a device or a pipe is written to directly; a pipe that no
/// program reads from is refused. A symbolic link
/// is followed, so that its target is replaced; where anyone may write, as in
/// `/tmp`, only a link of this user or of the owner of the directory is.
/// Thread safety: confined to one thread.
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
  void open_directly();
  void open_beside(const std::filesystem::path& target);

  std::filesystem::path path_;
  descriptor folder_;  // of the target, unless that is written to directly
  std::string name_;
  std::string temporary_;  // empty when there is none
  descriptor file_;
  std::ostringstream stream_;
};

/// Removes temporary files for `path` that were left by processes which did
/// not get to their end, as when killed: regular files of this user, named as
/// `output_file` names them, that no process writes to any more. Nothing is
/// said of what cannot be removed.
void remove_leftovers(const std::filesystem::path& path);

}  // namespace summarize
