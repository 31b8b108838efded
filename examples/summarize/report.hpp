#pragma once

#include "summarize/files/text_file.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace summarize {

/// The report on one file.
struct file_report {
  std::string file;
  std::vector<std::string> links;  ///< symbolic links to it under DIR
  std::string status = "ok";       ///< a `file_status`, or `failed`
  std::string reason;              ///< why there is no summary
  std::string summary;
  std::uintmax_t bytes = 0;
  std::size_t words = 0;
  std::size_t chunks = 0;
  bool truncated = false;  ///< the summary, or that of a chunk, was cut short

  [[nodiscard]] bool ok() const { return status == "ok"; }
};

/// The report as one JSON object on one line, without a line end. The member
/// "truncated" is there where it is true. Bytes that
/// are not UTF-8 become U+FFFD; characters that steer a terminal are escaped.
[[nodiscard]] std::string json_line(const file_report& report);

/// Writes one JSON line per report.
void write_json(std::ostream& out, const std::vector<file_report>& reports);

/// Writes the summaries wrapped at 78 columns, then the files without one and
/// why, then the entries that were passed over, then the closing line. All of
/// it is printable.
void write_text(std::ostream& out, const std::vector<file_report>& reports,
                const std::vector<unlisted_entry>& skipped);

/// One sentence with the counts.
[[nodiscard]] std::string closing_line(const std::vector<file_report>& reports,
                                       std::size_t skipped);

/// `text` in lines of at most `width` columns, each indented by `indent`
/// spaces and ended. A word longer than a line stands alone. A full-width
/// character takes two columns.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width,
                                  std::size_t indent);

}  // namespace summarize
