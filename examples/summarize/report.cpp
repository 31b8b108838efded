#include "summarize/report.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace summarize {

namespace {

using troupe::printable;

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
  if (report.truncated) text += "; summary cut short";
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

/// A character of at most three bytes as JSON escapes it.
std::string escaped(std::string_view character) {
  unsigned code = static_cast<unsigned char>(character.front());
  if (character.size() > 1) code &= character.size() == 2 ? 0x1FU : 0xFU;
  for (const char c : character.substr(1)) {
    code = code << 6 | (static_cast<unsigned>(c) & 0x3FU);
  }
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", code);
  return text;
}

/// `form` as JSON, which means the same but is safe to be shown.
std::string json_text(const troupe::json& form) {
  const std::string text = troupe::write_json(form, troupe::bad_text::replaced);
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t size = byte < 0x80   ? 1
                             : byte < 0xE0 ? 2
                             : byte < 0xF0 ? 3
                                           : 4;
    const std::string_view character = std::string_view(text).substr(at, size);
    at += size;
    const bool may_act = byte == 0x7F || (size > 1 && size < 4);
    safe += may_act && printable(character) != character
                ? escaped(character)
                : std::string(character);
  }
  return safe;
}

}  // namespace

std::string json_line(const file_report& report) {
  // One after the other, for the order.
  std::string line = "{\"file\":" + json_text(report.file);
  line += ",\"status\":" + json_text(report.status);
  if (!report.ok()) line += ",\"reason\":" + json_text(report.reason);
  line += ",\"summary\":";
  line += report.ok() ? json_text(report.summary) : "null";
  line += ",\"bytes\":" + std::to_string(report.bytes);
  line += ",\"words\":" + std::to_string(report.words);
  line += ",\"chunks\":" + std::to_string(report.chunks);
  if (report.truncated) line += ",\"truncated\":true";
  return line + ",\"links\":" + json_text(report.links) + "}";
}

void write_json(std::ostream& out, const std::vector<file_report>& reports) {
  for (const file_report& report : reports) out << json_line(report) << '\n';
}

void write_text(std::ostream& out, const std::vector<file_report>& reports,
                const std::vector<unlisted_entry>& skipped) {
  for (const file_report& report : reports) {
    if (!report.ok()) continue;
    out << heading(report) << '\n'
        << wrapped(printable(report.summary), text_width, 2) << '\n';
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

}  // namespace summarize
