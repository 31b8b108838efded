#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// A file that lines are added to, as a recording is written.
///
/// Thread safety: confined to one actor or task.
class record_file {
 public:
  record_file() = default;
  /// Opens `file`, or creates it, for its owner alone; the permissions of
  /// others are removed. A link is not followed, as it may lead to a file of
  /// somebody else.
  /// Errors: throws a permanent `errc::bad_value` where it cannot be written.
  explicit record_file(std::filesystem::path file);
  record_file(record_file&& from) noexcept;
  record_file& operator=(record_file&& from) noexcept;
  ~record_file();

  /// Adds a line, behind an end of the line before where that is torn.
  /// Errors: as the constructor.
  void add(std::string_view line);

 private:
  std::filesystem::path file_;
  int open_ = -1;
  /// The last line has no end.
  bool is_torn_ = false;
};

/// The most bytes of a recording that is replayed.
inline constexpr std::size_t recording_max = std::size_t{1} << 30;

/// The text of a recording.
/// Errors: throws a permanent `errc::bad_value` for what cannot be read, is no
/// regular file, or has more than `recording_max` bytes.
[[nodiscard]] std::string content_of_recording(
    const std::filesystem::path& file);

/// Errors: throws a permanent `errc::bad_value` about a recording.
[[noreturn]] void refuse_recording(const std::filesystem::path& file,
                                   std::string_view what);

}  // namespace troupe::llm::detail
