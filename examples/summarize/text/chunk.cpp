#include "summarize/text/chunk.hpp"

#include <algorithm>

namespace summarize {

namespace {

constexpr std::string_view white_space = " \t\r\n\f\v";

/// The quality of a place for a cut; a higher one wins.
enum class border { none, word, line, sentence, paragraph };

bool is_space(char c) { return white_space.find(c) != std::string_view::npos; }

bool is_blank_line_end(std::string_view text, std::size_t at) {
  // `text[at - 1]` is a line end; the line it ends is blank if only white
  // space lies between it and the line end before.
  std::size_t i = at - 1;
  while (i > 0 && text[i - 1] != '\n' && is_space(text[i - 1])) --i;
  return i == 0 || text[i - 1] == '\n' || text[at - 1] == '\f';
}

/// The border between `text[at - 1]` and `text[at]`, with 0 < `at` < size.
border border_at(std::string_view text, std::size_t at) {
  const char before = text[at - 1];
  if (!is_space(before)) return border::none;
  const bool line = before == '\n' || before == '\f';
  // A cut inside a run of white space would start a piece with some of it;
  // only the indentation of a line stays with its line.
  if (is_space(text[at]) && (!line || text[at] == '\n' || text[at] == '\r')) {
    return border::none;
  }
  if (line && is_blank_line_end(text, at)) return border::paragraph;
  const auto last = text.find_last_not_of(white_space, at - 1);
  const bool stop =
      last != std::string_view::npos &&
      std::string_view(".!?").find(text[last]) != std::string_view::npos;
  if (stop) return border::sentence;
  return line ? border::line : border::word;
}

/// The last place of the best kind in (`low`, `high`].
std::size_t best_cut(std::string_view text, std::size_t low, std::size_t high) {
  std::size_t best = high;
  border kind = border::none;
  for (std::size_t at = high; at > low; --at) {
    const border here = border_at(text, at);
    if (here > kind) {
      kind = here;
      best = at;
    }
    if (kind == border::paragraph) break;
  }
  if (kind != border::none) return best;
  while (best > low &&
         (static_cast<unsigned char>(text[best]) & 0xC0U) == 0x80U) {
    --best;
  }
  return best > low ? best : high;
}

}  // namespace

std::vector<std::string_view> split_chunks(std::string_view text,
                                           std::size_t max_bytes) {
  max_bytes = std::max<std::size_t>(max_bytes, 64);
  std::vector<std::string_view> pieces;
  if (text.find_first_not_of(white_space) == std::string_view::npos) {
    return pieces;
  }
  while (text.size() > max_bytes) {
    const std::size_t count = (text.size() + max_bytes - 1) / max_bytes;
    const std::size_t even = (text.size() + count - 1) / count;
    const std::size_t high = std::min(max_bytes, even + even / 4);
    const std::size_t cut = best_cut(text, even / 2, high);
    pieces.push_back(text.substr(0, cut));
    text.remove_prefix(cut);
  }
  if (!text.empty()) pieces.push_back(text);
  return pieces;
}

}  // namespace summarize
