#include "cluster_table.hpp"

#include "columns.hpp"

#include <troupe/error.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe_tool {

namespace {

/// The text of one worker must not widen the rows of all others, nor must very
/// many of them fill the memory.
constexpr std::size_t cell_bytes_max = 300;
constexpr std::size_t rows_max = 10'000;

// The report is of another process, and may be anything.
[[noreturn]] void refuse(const char* key) {
  throw troupe::error{
      troupe::errc::bad_reply,
      std::string{"the supervisor's status has no sound '"} + key + "'"};
}

const troupe::json& field(const troupe::json& from, const char* key) {
  if (!from.is_object() || !from.contains(key)) refuse(key);
  return from.at(key);
}

std::string number(const troupe::json& from, const char* key) {
  const auto& found = field(from, key);
  // Times of a supervisor whose clock was set back are below zero.
  if (found.is_number_unsigned()) {
    return std::to_string(found.get<std::uint64_t>());
  }
  if (!found.is_number_integer()) refuse(key);
  return std::to_string(found.get<std::int64_t>());
}

std::string shown(const troupe::json& text, const char* key) {
  constexpr std::size_t longest = 256;
  if (!text.is_string()) refuse(key);
  return troupe::printable(text.get_ref<const std::string&>(),
                           troupe::line_breaks::joined, longest);
}

std::string text(const troupe::json& from, const char* key) {
  return shown(field(from, key), key);
}

std::string list(const troupe::json& from, const char* key) {
  const auto& names = field(from, key);
  if (!names.is_array()) refuse(key);
  std::string all;
  for (const auto& each : names) {
    if (all.size() > cell_bytes_max) break;
    all += (all.empty() ? "" : ",") + shown(each, key);
  }
  return troupe::cut(all, cell_bytes_max);
}

bool flag(const troupe::json& from, const char* key) {
  const auto& found = field(from, key);
  if (!found.is_boolean()) refuse(key);
  return found.get<bool>();
}

row row_of(const troupe::json& worker) {
  return {text(worker, "name"),
          list(worker, "labels"),
          number(worker, "held") + "/" + number(worker, "capacity"),
          number(worker, "done"),
          number(worker, "silent_ms") + " ms",
          number(worker, "joined_s") + " s",
          text(worker, "troupe"),
          flag(worker, "draining") ? "draining" : "serving"};
}

}  // namespace

std::string cluster_table(const troupe::json& report) {
  const auto& workers = field(report, "workers");
  if (!workers.is_array()) refuse("workers");
  const std::string first_line =
      "troupe " + text(report, "troupe") + ", caf " + text(report, "caf") +
      ", protocol " + number(report, "protocol") + "; " +
      std::to_string(workers.size()) + " workers, " + number(report, "leased") +
      " leased, " + number(report, "waiting") + " waiting\n";
  if (workers.empty()) return first_line;
  std::vector<row> rows{{"WORKER", "LABELS", "HELD", "DONE", "HEARD", "JOINED",
                         "TROUPE", "STATE"}};
  const auto count = std::min(workers.size(), rows_max);
  for (std::size_t i = 0; i < count; ++i) rows.push_back(row_of(workers[i]));
  std::string last_line;
  if (count < workers.size()) {
    last_line = "and " + std::to_string(workers.size() - count) + " more\n";
  }
  return first_line + in_columns(rows) + last_line;
}

}  // namespace troupe_tool
