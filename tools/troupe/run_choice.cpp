#include "run_choice.hpp"

#include <troupe/clock.hpp>
#include <troupe/error.hpp>
#include <troupe/printable.hpp>

#include <charconv>
#include <chrono>
#include <iterator>
#include <system_error>

namespace troupe_tool {

namespace {

std::string fault_of_age(const std::string& text) {
  if (milliseconds_of(text)) return {};
  return "must be a time like 90s, 15m, 12h or 7d, not '" +
         troupe::printable(text) + "'";
}

std::string fault_of_status(const std::string& text) {
  if (troupe::run_status_named(text)) return {};
  return "must be running, parked, quarantined, finished, failed or cancelled, "
         "not '" +
         troupe::printable(text) + "'";
}

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             troupe::clock::steady().wall_now().time_since_epoch())
      .count();
}

std::optional<std::int64_t> milliseconds_of(const std::string& text) {
  constexpr std::int64_t most = 1'000'000'000;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, count);
  const bool is_number =
      fault == std::errc{} && stop + 1 == end && count >= 0 && count <= most;
  if (!is_number) return std::nullopt;
  switch (*stop) {
    case 's':
      return count * 1'000;
    case 'm':
      return count * 60'000;
    case 'h':
      return count * 3'600'000;
    case 'd':
      return count * 86'400'000;
    default:
      return std::nullopt;
  }
}

void run_choice::add_to(CLI::App& command) {
  command.add_option("--flow", flow, "only runs of the flow of that name");
  command.add_option("--version", version,
                     "only runs of that version of their flow");
  command
      .add_option("--status", statuses,
                  "only runs of that status; more "
                  "than once for any of several")
      ->check(&fault_of_status)
      ->allow_extra_args(false);
  command
      .add_option("--older-than", older_than,
                  "only runs as old as that: 90s, 15m, 12h, 7d")
      ->check(&fault_of_age);
  command.add_option("--failure", failure,
                     "only runs whose failure has that text in it");
}

bool run_choice::is_empty() const noexcept {
  return !flow && !version && statuses.empty() && !older_than && !failure;
}

std::vector<troupe::run_status> run_choice::chosen_statuses() const {
  std::vector<troupe::run_status> chosen;
  for (const auto& each : statuses) {
    if (const auto named = troupe::run_status_named(each)) {
      chosen.push_back(*named);
    }
  }
  return chosen;
}

std::optional<std::int64_t> run_choice::before_ms() const {
  if (!older_than) return std::nullopt;
  return now_ms() - milliseconds_of(*older_than).value_or(0);
}

troupe::run_query run_choice::query() const {
  troupe::run_query what;
  what.flow = flow;
  what.version = version;
  what.statuses = chosen_statuses();
  what.created_before_ms = before_ms();
  what.failure = failure;
  return what;
}

std::vector<troupe::run_record> all_runs(troupe::store_reader& reader,
                                         troupe::run_query what) {
  std::vector<troupe::run_record> found;
  for (;;) {
    auto page = reader.list(what);
    const bool is_last = page.size() < what.limit;
    if (!page.empty()) what.after = page.back().id;
    found.insert(found.end(), std::make_move_iterator(page.begin()),
                 std::make_move_iterator(page.end()));
    if (is_last) return found;
  }
}

}  // namespace troupe_tool
