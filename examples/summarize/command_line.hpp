#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace troupe::remote {
struct cluster_arguments;
}

namespace summarize {

/// Exit statuses of the program.
enum class exit_status { all_summarised = 0, some_failed = 1, bad_usage = 2 };

/// The choices of the user.
struct command_line {
  std::filesystem::path directory;
  std::size_t concurrency = 1;  ///< files, or pieces of a worker, at a time
  std::optional<std::filesystem::path> out;  ///< instead of standard output
  bool json = false;
  bool follow_links = false;  ///< those that lead out of the directory, too
  std::optional<std::filesystem::path> store;  ///< keeps the job
  bool resume = false;                         ///< goes on with that one
  std::size_t sentences = 4;
  std::size_t chunk_bytes = std::size_t{16} * 1024;
  std::uintmax_t max_bytes = std::uintmax_t{16} * 1024 * 1024;

  std::optional<std::string> model;  ///< instead of the summariser inside
  std::string api = "openai";        ///< or "responses", "anthropic"
  std::string base_url;              ///< instead of that of the environment
  std::optional<double> rpm;         ///< requests a minute
  std::optional<double> tpm;         ///< tokens a minute

  /// Null where the program is built without workers.
  std::shared_ptr<troupe::remote::cluster_arguments> cluster;
};

/// Reads the arguments. Without a value the program is to end at once with
/// `status`: help was written to `out`, or what is wrong and what to do about
/// it to `err`.
struct parsed_arguments {
  std::optional<command_line> value;
  exit_status status = exit_status::all_summarised;
};
[[nodiscard]] parsed_arguments parse_arguments(int argc,
                                               const char* const* argv,
                                               std::ostream& out,
                                               std::ostream& err);

}  // namespace summarize
