#include "cluster_table.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troupe_tool {

namespace {

using row = std::vector<std::string>;

std::string number(const troupe::json& from, const char* key) {
  return std::to_string(from.at(key).get<std::uint64_t>());
}

std::string list(const troupe::json& names) {
  std::string text;
  for (const auto& each : names) {
    text += (text.empty() ? "" : ",") + each.get<std::string>();
  }
  return text;
}

row row_of(const troupe::json& worker) {
  return {worker.at("name").get<std::string>(),
          list(worker.at("labels")),
          number(worker, "held") + "/" + number(worker, "capacity"),
          number(worker, "done"),
          number(worker, "silent_ms") + " ms",
          number(worker, "joined_s") + " s",
          worker.at("troupe").get<std::string>(),
          worker.at("draining").get<bool>() ? "draining" : "serving"};
}

std::string in_columns(const std::vector<row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& each : rows) {
    for (std::size_t i = 0; i < each.size(); ++i) {
      widths[i] = std::max(widths[i], each[i].size());
    }
  }
  std::string text;
  for (const auto& each : rows) {
    for (std::size_t i = 0; i < each.size(); ++i) {
      text += each[i];
      const bool is_last = i + 1 == each.size();
      text.append(is_last ? 0 : widths[i] - each[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string cluster_table(const troupe::json& report) {
  const auto& workers = report.at("workers");
  std::string text = "troupe " + report.at("troupe").get<std::string>() +
                     ", caf " + report.at("caf").get<std::string>() +
                     ", protocol " + number(report, "protocol") + "; " +
                     std::to_string(workers.size()) + " workers, " +
                     number(report, "leased") + " leased, " +
                     number(report, "waiting") + " waiting\n";
  if (workers.empty()) return text;
  std::vector<row> rows{{"WORKER", "LABELS", "HELD", "DONE", "HEARD", "JOINED",
                         "TROUPE", "STATE"}};
  for (const auto& each : workers) rows.push_back(row_of(each));
  return text + in_columns(rows);
}

}  // namespace troupe_tool
