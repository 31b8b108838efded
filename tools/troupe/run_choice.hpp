#pragma once

#include <troupe/json.hpp>
#include <troupe/store/run_store.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe_tool {

/// The filters of the command line. All of them must fit.
struct run_choice {
  std::optional<std::string> flow{};
  std::optional<std::string> version{};
  std::vector<std::string> statuses{};
  std::optional<std::string> older_than{};
  std::optional<std::string> failure{};

  /// Adds their options.
  void add_to(CLI::App& command);
  [[nodiscard]] bool is_empty() const noexcept;
  /// The age is that since the beginning of a run, as of now.
  /// Errors: throws `errc::bad_value`.
  [[nodiscard]] troupe::run_query query() const;
  /// The time before which a run has to have begun, or ended.
  [[nodiscard]] std::optional<std::int64_t> before_ms() const;
  /// The statuses. Errors: throws `errc::bad_value`.
  [[nodiscard]] std::vector<troupe::run_status> chosen_statuses() const;
};

/// The present time, in milliseconds since 1970.
[[nodiscard]] std::int64_t now_ms();
/// The milliseconds of "90s", "15m", "12h", "7d", or nothing.
[[nodiscard]] std::optional<std::int64_t> milliseconds_of(
    const std::string& text);
/// All runs that `what` selects, however many.
[[nodiscard]] std::vector<troupe::run_record> all_runs(
    troupe::store_reader& reader, troupe::run_query what);

}  // namespace troupe_tool
