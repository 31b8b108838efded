// Any text, and any HTML page, is read, cut and summarised in a time that is in
// proportion to its length, and what comes of it is text.

#include <troupe/printable.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <summarize/files/text_file.hpp>
#include <summarize/report.hpp>
#include <summarize/summarizer.hpp>
#include <summarize/text/chunk.hpp>
#include <summarize/text/markup.hpp>
#include <summarize/text/sentences.hpp>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void summarise(std::string_view text) {
  constexpr std::size_t chunk_bytes = 256;
  std::string joined;
  for (const std::string_view piece :
       summarize::split_chunks(text, chunk_bytes)) {
    require(piece.size() <= chunk_bytes);
    joined += piece;
    require(troupe::is_utf8(summarize::summary_of(piece)));
  }
  require(joined.empty() || joined == text);
  for (const auto& each : summarize::split_sentences(text)) {
    require(!each.text.empty() && each.text.size() < 2000);
  }
  summarize::file_report report;
  report.summary = summarize::summary_of(text);
  require(troupe::is_utf8(report.summary));
  static_cast<void>(summarize::json_line(report));
  const std::string shown = troupe::printable(report.summary);
  require(troupe::printable(shown) == shown);
}

/// The work on one input is in proportion to this, also where other programs
/// leave little of the processor.
constexpr std::size_t much_bytes = 4'000;

/// A larger page of a small part, so that time shows where it is not linear.
std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1,
                               size - 1};
  const auto file = summarize::classify(std::string{bytes});
  require(troupe::is_utf8(file.text));
  if (!file.text.empty()) summarise(file.text);
  static_cast<void>(summarize::looks_like_html(bytes));
  const std::string page = summarize::html_to_text(bytes);
  require(troupe::is_utf8(page));
  if (data[0] % 16 == 0) {
    const std::string much = repeated(bytes, much_bytes / size);
    summarise(troupe::as_utf8(summarize::html_to_text(much)));
    return 0;
  }
  summarise(page);
  return 0;
}
