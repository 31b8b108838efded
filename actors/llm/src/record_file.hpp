#pragma once

#include <filesystem>
#include <string_view>

namespace troupe::llm::detail {

/// A file that lines are added to, as a recording is written.
///
/// Thread safety: confined to one actor or task.
class record_file {
 public:
  record_file() = default;
  /// Opens `file`, or makes it, for its owner alone to read. A link is not
  /// followed, as it may lead to what is none of ours.
  /// Errors: throws a permanent `errc::bad_value` where it cannot be written.
  explicit record_file(std::filesystem::path file);
  record_file(record_file&& from) noexcept;
  record_file& operator=(record_file&& from) noexcept;
  ~record_file();

  /// Errors: as the constructor.
  void add(std::string_view line);

 private:
  std::filesystem::path file_;
  int open_ = -1;
};

/// Errors: throws a permanent `errc::bad_value` about a recording.
[[noreturn]] void refuse_recording(const std::filesystem::path& file,
                                   std::string_view what);

}  // namespace troupe::llm::detail
