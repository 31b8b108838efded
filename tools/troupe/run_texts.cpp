// Stored runs as the program tells people of them.

#include "columns.hpp"
#include "run_forms.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>
#include <troupe/store/stored_forms.hpp>

#include <array>
#include <ctime>

namespace troupe_tool {

namespace {

constexpr std::size_t cell_max = 100;
constexpr std::size_t value_max = 400;

std::string cell(std::string_view text) {
  if (text.empty()) return "-";
  return troupe::printable(text, troupe::line_breaks::joined, cell_max);
}

std::string shown(const std::optional<troupe::value>& item) {
  if (!item) return "nothing";
  const auto text = troupe::write_json(item->to_json());
  return troupe::printable(text, troupe::line_breaks::joined, value_max);
}

std::string shown(const troupe::error& failure) {
  return troupe::printable(failure.describe());
}

std::string end_of(const troupe::run_record& run) {
  const bool has_end = troupe::is_over(run.status) ||
                       run.status == troupe::run_status::quarantined;
  if (!has_end || run.end.empty()) return {};
  const auto end = troupe::detail::end_form::from(run.end);
  if (end.failure) return shown(*end.failure);
  return troupe::printable(end.action.name());
}

std::string place_of(const std::string& address, std::uint64_t step) {
  auto text = "step " + std::to_string(step);
  if (!address.empty()) text += " of the sub-flow " + cell(address);
  return text;
}

}  // namespace

std::string date_of(std::int64_t at_ms) {
  if (at_ms == 0) return "-";
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "-";
  std::array<char, 64> text{};
  const auto size =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

std::string text_of(const std::vector<troupe::run_record>& runs) {
  if (runs.empty()) return "no runs\n";
  std::vector<row> rows{
      {"RUN", "FLOW", "VERSION", "STATUS", "STEPS", "UPDATED", "END"}};
  for (const auto& each : runs) {
    rows.push_back({cell(each.id), cell(each.flow), cell(each.version),
                    std::string{troupe::to_string(each.status)},
                    std::to_string(each.steps), date_of(each.updated_ms),
                    cell(end_of(each))});
  }
  return in_columns(rows);
}

std::string text_of(const troupe::run_record& run) {
  std::vector<row> rows{
      {"run", cell(run.id)},
      {"flow", cell(run.flow)},
      {"version", cell(run.version)},
      {"status", std::string{troupe::to_string(run.status)}},
      {"durability", std::string{troupe::to_string(run.how)}},
      {"steps", std::to_string(run.steps)},
      {"recoveries", std::to_string(run.recoveries) + ", in vain " +
                         std::to_string(run.recoveries_in_vain)},
      {"created", date_of(run.created_ms)},
      {"updated", date_of(run.updated_ms)},
      {"ended", date_of(run.ended_ms)}};
  if (run.deadline_ms != 0) {
    rows.push_back({"deadline", date_of(run.deadline_ms)});
  }
  if (!run.parent.empty()) rows.push_back({"started by", cell(run.parent)});
  if (!run.forked_from.empty()) {
    rows.push_back({"fork of", cell(run.forked_from) + ", after " +
                                   std::to_string(run.forked_at) + " steps"});
  }
  if (const auto end = end_of(run); !end.empty()) rows.push_back({"end", end});
  return in_columns(rows);
}

std::string text_of(const std::vector<troupe::history_step>& steps) {
  if (steps.empty()) return "no steps\n";
  std::vector<row> rows{{"NUMBER", "SUB-FLOW", "STEP", "NODE", "ACTION",
                         "ATTEMPTS", "WRITES", "BYTES", "AT"}};
  for (const auto& each : steps) {
    rows.push_back({std::to_string(each.number), cell(each.address),
                    std::to_string(each.step), cell(each.node),
                    cell(each.action), std::to_string(each.attempts),
                    std::to_string(each.writes), std::to_string(each.bytes),
                    date_of(each.at_ms)});
  }
  return in_columns(rows);
}

std::string text_of(const troupe::stored_entry& entry) {
  const auto& what = entry.entry;
  auto text = std::to_string(entry.number) + "  " + date_of(entry.at_ms) +
              "  " + std::string{troupe::to_string(what.what)} + "  " +
              place_of(what.address, what.step);
  if (what.index != troupe::log_entry::no_index) {
    text += ", item " + std::to_string(what.index);
  }
  if (!what.name.empty()) text += "  " + cell(what.name);
  if (what.what == troupe::log_entry::kind::event) {
    text += "  " + troupe::printable(what.body.text,
                                     troupe::line_breaks::joined, value_max);
  }
  return text + '\n';
}

std::string text_of(const std::vector<troupe::difference>& changes) {
  if (changes.empty()) return "no difference\n";
  std::string text;
  for (const auto& each : changes) {
    text +=
        troupe::printable(each.path, troupe::line_breaks::joined, value_max) +
        ": " + shown(each.before) + " -> " + shown(each.after) + '\n';
  }
  return text;
}

std::string text_of(const troupe::run_explanation& why) {
  auto text = "run " + cell(why.run.id) + " of the flow " + cell(why.run.flow) +
              ": " + std::string{troupe::to_string(why.run.status)} + '\n';
  for (const auto& each : why.chain) {
    text += "  " + place_of(each.address, each.step);
    if (each.run != why.run.id) text += " of the run " + cell(each.run);
    text += ": " + shown(each.why) + '\n';
  }
  text += why.chain.empty() ? "stands at " : "failed at ";
  text += place_of(why.address, why.step);
  if (!why.node.empty()) text += ", node " + cell(why.node);
  if (why.attempts != 0) {
    text += ", after " + std::to_string(why.attempts) + " attempts";
  }
  if (why.due_ms != 0) text += ", waits until " + date_of(why.due_ms);
  text += '\n';
  for (const auto& each : why.effects) {
    text += "the end of the effect " + cell(each.name) + " at " +
            place_of(each.address, each.step) +
            " is not known; 'troupe runs settle' tells it\n";
  }
  if (!why.last) return text;
  text += "last change, by " + place_of(why.last->address, why.last->step);
  if (!why.last->node.empty()) text += ", node " + cell(why.last->node);
  return text + ":\n" + text_of(why.last_change);
}

}  // namespace troupe_tool
