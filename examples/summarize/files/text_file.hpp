#pragma once

#include "summarize/files/directory.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace summarize {

/// The result of reading one file.
enum class file_status { ok, empty, binary, too_large, unreadable };

/// The word that stands for `status` in reports, such as `"too_large"`.
[[nodiscard]] std::string_view to_string(file_status status) noexcept;

/// A file to be summarised.
struct listed_file {
  std::string name;            ///< relative to the directory that was listed
  std::filesystem::path path;  ///< the same for the system
  /// Names of symbolic links to this file that are under the directory too.
  /// They are not listed as files of their own.
  std::vector<std::string> links = {};
  std::uintmax_t bytes = 0;  ///< its size when it was listed
  /// The directory that it is opened below, as `place`, without following any
  /// link. Null for a file that a link leads to from there: `path` is opened.
  std::shared_ptr<const open_directory> within = nullptr;
  std::string place = {};
};

/// An entry that is not in `listing::files`, and why.
struct unlisted_entry {
  std::string name;
  std::string reason;
};

/// Everything under a directory, sorted by name.
struct listing {
  std::vector<listed_file> files;
  std::vector<unlisted_entry> skipped;   ///< links to directories, sockets, ...
  std::vector<unlisted_entry> problems;  ///< directories that cannot be listed
};

/// The treatment of symbolic links that lead out of the directory.
enum class outside_links { passed_over, followed };

/// Lists the regular files under `root`, in subfolders too.
///
/// A symbolic link to a file that is under `root` itself is recorded in that
/// file's `links`. A link that leads nowhere is listed, so that reading it
/// gives the reason. Links to directories under `root` are not followed, as
/// what they hold is listed anyway. A link that leads out of `root` is among
/// `skipped`, or, if such links are followed, listed under the name of the
/// first link that leads there; a directory is listed only once. Names with
/// more than 4,095 bytes are among the problems.
/// Never throws for what it finds on disk.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] listing list_files(
    const std::filesystem::path& root,
    outside_links outside = outside_links::passed_over);

/// The content of one file, or the reason why there is none.
struct loaded_file {
  file_status status = file_status::ok;
  std::string text;          ///< valid UTF-8 without a byte order mark
  std::string reason;        ///< empty when `status` is `ok`
  std::uintmax_t bytes = 0;  ///< size on disk, as far as known
};

/// Reads `path` whole if it is a regular file of at most `max_bytes` bytes of
/// UTF-8 text.
///
/// A file with a NUL byte or with bytes that are not UTF-8 is `binary`; other
/// encodings are not guessed. A file with nothing but white space is `empty`.
/// Blocks while the disk does, but never on a pipe or a device. Takes as much
/// memory as the text has bytes.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] loaded_file load_file(const std::filesystem::path& path,
                                    std::uintmax_t max_bytes);
/// The same for a file of a list. If it was listed below a directory, neither
/// it nor a folder on the way may have become a link since.
[[nodiscard]] loaded_file load_file(const listed_file& file,
                                    std::uintmax_t max_bytes);

/// Sorts `bytes`, the content of a file, into text and everything else.
[[nodiscard]] loaded_file classify(std::string bytes);

/// Number of words in `text`: runs of characters between white space.
[[nodiscard]] std::size_t count_words(std::string_view text) noexcept;

}  // namespace summarize
