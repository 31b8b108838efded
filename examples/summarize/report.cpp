#include "summarize/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>

namespace summarize {

namespace {

constexpr std::size_t text_width = 78;

std::string grouped(std::uintmax_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0;
       at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string counted(std::uintmax_t number, std::string_view noun) {
  return grouped(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string heading(const file_report& report) {
  std::string text = printable(report.file) + " (" +
                     counted(report.bytes, "byte") + ", " +
                     counted(report.words, "word");
  if (report.chunks > 1) text += ", " + counted(report.chunks, "chunk");
  for (std::size_t i = 0; i < report.links.size(); ++i) {
    text += (i == 0 ? "; also " : ", ") + printable(report.links[i]);
  }
  return text + ")";
}

/// Columns `text` takes on a terminal, near enough.
std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0U) == 0x80U;
    const bool wide = byte >= 0xE3 && byte <= 0xED;
    columns += continues ? 0U : wide ? 2U : 1U;
  }
  return columns;
}

}  // namespace

std::string json_line(const file_report& report) {
  nlohmann::ordered_json line;
  line["file"] = report.file;
  line["status"] = report.status;
  if (!report.ok()) line["reason"] = report.reason;
  line["summary"] =
      report.ok() ? nlohmann::ordered_json(report.summary) : nullptr;
  line["bytes"] = report.bytes;
  line["words"] = report.words;
  line["chunks"] = report.chunks;
  line["links"] = report.links;
  return line.dump(-1, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

void write_json(std::ostream& out, const std::vector<file_report>& reports) {
  for (const file_report& report : reports) out << json_line(report) << '\n';
}

void write_text(std::ostream& out, const std::vector<file_report>& reports,
                const std::vector<unlisted_entry>& skipped) {
  for (const file_report& report : reports) {
    if (!report.ok()) continue;
    out << heading(report) << '\n'
        << wrapped(report.summary, text_width, 2) << '\n';
  }
  const auto failed =
      std::any_of(reports.begin(), reports.end(),
                  [](const file_report& one) { return !one.ok(); });
  if (failed) out << "Not summarised:\n";
  for (const file_report& report : reports) {
    if (report.ok()) continue;
    out << "  " << printable(report.file) << ": " << printable(report.reason)
        << '\n';
  }
  if (failed) out << '\n';
  if (!skipped.empty()) out << "Passed over:\n";
  for (const unlisted_entry& entry : skipped) {
    out << "  " << printable(entry.name) << ": " << printable(entry.reason)
        << '\n';
  }
  if (!skipped.empty()) out << '\n';
  out << closing_line(reports, skipped.size()) << '\n';
}

std::string closing_line(const std::vector<file_report>& reports,
                         std::size_t skipped) {
  const auto good = static_cast<std::size_t>(
      std::count_if(reports.begin(), reports.end(),
                    [](const file_report& one) { return one.ok(); }));
  std::size_t links = 0;
  for (const file_report& report : reports) links += report.links.size();
  std::string text =
      "Summarised " + grouped(good) + " of " + counted(reports.size(), "file");
  if (good < reports.size()) {
    text += ", " + grouped(reports.size() - good) + " failed";
  }
  if (links > 0)
    text += "; " + counted(links, "link") + " to them not repeated";
  if (skipped > 0) text += "; " + grouped(skipped) + " passed over";
  return text + ".";
}

std::string wrapped(std::string_view text, std::size_t width,
                    std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string lines;
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t columns = columns_of(word);
    if (used > 0 && used + 1 + columns <= width) {
      lines += ' ';
      ++used;
    } else {
      if (used > 0) lines += '\n';
      lines += margin;
      used = indent;
    }
    lines += word;
    used += columns;
  }
  return used > 0 ? lines + '\n' : lines;
}

std::string valid_utf8(const std::string& text) {
  using nlohmann::json;
  const std::string form =
      json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(form).get<std::string>();
}

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too, in two bytes.
    const bool second_set = byte == 0xC2 && i + 1 < text.size() &&
                            static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second_set) ++i;
    result += byte < 0x20 || byte == 0x7F || second_set ? '?' : text[i];
  }
  return result;
}

}  // namespace summarize
