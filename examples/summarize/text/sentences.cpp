#include "summarize/text/sentences.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace summarize {

namespace {

constexpr std::size_t max_sentence_bytes = 1200;
constexpr std::size_t heading_words = 12;
/// So many marks are looked at where a sentence may end, as each of them may
/// be such a place.
constexpr std::size_t end_marks_max = 64;

using lines = std::vector<std::string>;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_upper(c) || is_lower(c); }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}
bool is_wordy(char c) {
  return is_letter(c) || is_digit(c) || is_beyond_ascii(c);
}
char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Line ends and white space made uniform, terminal controls removed. A form
/// feed becomes an empty line.
lines clean_lines(std::string_view text) {
  lines all(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string& line = all.back();
    if (c == '\n') {
      all.emplace_back();
    } else if (c == '\f') {
      all.resize(all.size() + 2);
    } else if (c == '\b') {
      // Old manual pages print a letter twice for bold.
      while (!line.empty() && is_continuation(line.back())) line.pop_back();
      if (!line.empty()) line.pop_back();
    } else if (c == '\t' || c == '\v') {
      line += ' ';
    } else if (c == '\xC2' && i + 1 < text.size() && text[i + 1] == '\xA0') {
      line += ' ';
      ++i;
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != '\x7F') {
      line += c;
    }
  }
  return all;
}

bool is_blank(std::string_view line) {
  return std::none_of(line.begin(), line.end(), is_wordy);
}

/// The marker of a comment or quotation at the start of `line`.
std::string_view margin_of(std::string_view line) {
  constexpr std::array<std::string_view, 8> margins{"///", "//", "/*", "##",
                                                    "#",   "*",  ">",  ";;"};
  for (const std::string_view margin : margins) {
    if (line.starts_with(margin) &&
        (line.size() == margin.size() || line[margin.size()] == ' ')) {
      return margin;
    }
  }
  return {};
}

/// Takes the margin off a paragraph all of whose lines have the same one.
void strip_margin(std::vector<std::string_view>& paragraph) {
  const std::string_view margin = margin_of(paragraph.back());
  if (margin.empty()) return;
  bool continued = false;
  for (const std::string_view line : paragraph) {
    const std::string_view own = margin_of(line);
    if (own != margin && own != "/*") return;
    const std::string_view rest = trimmed(line.substr(own.size()));
    continued = continued || (!rest.empty() && is_lower(rest.front()));
  }
  // Stars may also be the bullets of a list, whose items start with capitals.
  if (margin == "*" && !continued) return;
  if (margin == "#" && paragraph.size() == 1) return;
  for (std::string_view& line : paragraph) {
    line = trimmed(line.substr(margin_of(line).size()));
  }
}

/// Length of a bullet or of a number such as `3.`, `(b)` or `iv)` that starts
/// `line`, with the space after it; 0 if there is none.
std::size_t marker_length(std::string_view line) {
  constexpr std::array<std::string_view, 6> bullets{"- ", "* ", "+ ",
                                                    "o ", "• ", "– "};
  for (const std::string_view bullet : bullets) {
    if (line.starts_with(bullet)) return bullet.size();
  }
  // "G. Preserve" is an item, "D. R. Radev" is not.
  if (line.size() > 4 && is_upper(line[0]) && line.substr(1, 2) == ". " &&
      is_upper(line[3]) && line[4] != '.') {
    return 3;
  }
  std::size_t i = line.starts_with('(') ? 1 : 0;
  const std::size_t first = i;
  bool digits = true;
  bool roman = true;
  while (i < line.size() && i - first < 8 &&
         (is_digit(line[i]) || is_lower(line[i]) || line[i] == '.')) {
    digits = digits && !is_lower(line[i]);
    roman = roman && is_one_of(line[i], "ivx");
    ++i;
  }
  const std::size_t length = i - first;
  if (length == 0 || line[first] == '.') return 0;
  const bool dotted = line[i - 1] == '.';
  const bool closed = i < line.size() && line[i] == ')';
  const bool short_label = length == 1 || (length <= 4 && (digits || roman));
  const bool number = first == 0 && dotted && length <= 8 &&
                      ((digits && (length <= 3 || line.find('.') < i - 1)) ||
                       (length == 2 && is_lower(line[first])));
  if (closed && short_label) ++i;
  if (!(closed && short_label) && !number) return 0;
  if (i >= line.size() || line[i] != ' ') return 0;
  return std::min(line.find_first_not_of(' ', i), line.size());
}

bool is_notice(std::string_view line) {
  constexpr std::array<std::string_view, 4> openings{
      "copyright (c)", "copyright ©", "copyright 1", "copyright 2"};
  std::string start(line.substr(0, 16));
  std::transform(start.begin(), start.end(), start.begin(), lower);
  return start.starts_with("(c) ") || start == "all rights reser" ||
         start.starts_with("© ") ||
         std::any_of(openings.begin(), openings.end(),
                     [&](std::string_view o) { return start.starts_with(o); });
}

/// Returns whether `line` starts as a field does: `License: GPL-2`.
bool is_field(std::string_view line) {
  if (line.empty() || !is_upper(line.front())) return false;
  std::size_t i = 1;
  while (i < line.size() && (is_letter(line[i]) || line[i] == '-')) ++i;
  return i < 24 && line.substr(i, 2) == ": ";
}

bool is_abbreviation(std::string_view word) {
  constexpr std::array<std::string_view, 44> known{
      "al",   "approx", "art", "ca",   "cf",  "ch",   "co",   "corp", "dept",
      "dr",   "ed",     "eds", "eg",   "eq",  "est",  "fig",  "figs", "gen",
      "hon",  "ie",     "inc", "jr",   "ltd", "mr",   "mrs",  "ms",   "mt",
      "no",   "nos",    "op",  "p",    "pp",  "prof", "resp", "rev",  "sec",
      "sect", "sr",     "st",  "univ", "viz", "vol",  "vols", "vs"};
  std::string small(word);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  return std::binary_search(known.begin(), known.end(), small);
}

/// Returns whether the full stop at `text[at]` belongs to the word before it.
bool is_word_stop(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '(' &&
         text[begin - 1] != '"') {
    --begin;
  }
  const std::string_view word = text.substr(begin, at - begin);
  if (word.empty()) return false;
  if (word.size() == 1 && is_upper(word[0])) return true;  // an initial
  // "e.g", "i.e", "U.S": letters that alternate with stops.
  if (word.size() >= 3 && word[1] == '.' && is_letter(word[0]) &&
      is_letter(word[word.size() - 1]) && word[word.size() - 2] == '.') {
    return true;
  }
  const bool number_follows = at + 2 < text.size() && is_digit(text[at + 2]);
  if (word == "no" || word == "No") return number_follows;
  return is_abbreviation(word);
}

/// Length of a full-width full stop, question or exclamation mark at `at`.
std::size_t wide_stop(std::string_view text, std::size_t at) {
  if (!is_beyond_ascii(text[at])) return 0;
  for (const std::string_view stop : {"。", "！", "？"}) {
    if (text.substr(at, stop.size()) == stop) return stop.size();
  }
  return 0;
}

/// If a sentence ends with the mark at `text[at]`, the place behind the mark
/// and the quotes and brackets that close with it; else 0.
std::size_t sentence_end(std::string_view text, std::size_t at) {
  if (const std::size_t wide = wide_stop(text, at)) return at + wide;
  if (!is_one_of(text[at], ".!?")) return 0;
  const std::size_t last = std::min(text.size(), at + end_marks_max);
  std::size_t end = at + 1;
  while (end < last && is_one_of(text[end], ".!?")) ++end;
  const bool single = end == at + 1 && text[at] == '.';
  for (bool more = true; more && end < last;) {
    more = is_one_of(text[end], ")\"']");
    if (more) {
      ++end;
    } else if (text.substr(end).starts_with("”") ||
               text.substr(end).starts_with("’")) {
      end += 3;
      more = true;
    }
  }
  if (end >= text.size()) return end;
  if (text[end] != ' ') return 0;
  const std::size_t next = text.find_first_not_of(' ', end);
  if (next == std::string_view::npos) return end;
  if (is_lower(text[next]) || is_one_of(text[next], ",;:)")) return 0;
  if (single && end == at + 1 && is_word_stop(text, at)) return 0;
  return end;
}

bool ends_with_stop(std::string_view text) {
  while (!text.empty() && is_one_of(text.back(), ")\"']")) {
    text.remove_suffix(1);
  }
  if (text.empty()) return false;
  if (text.ends_with("”") || text.ends_with("’")) text.remove_suffix(3);
  return (!text.empty() && is_one_of(text.back(), ".!?")) ||
         (text.size() >= 3 && wide_stop(text, text.size() - 3) == 3);
}

std::size_t words_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) +
         1;
}

/// Returns the place to cut a run of text without a full stop.
std::size_t forced_cut(std::string_view text) {
  std::size_t cut = text.rfind(' ', max_sentence_bytes);
  if (cut != std::string_view::npos && cut > max_sentence_bytes / 2) return cut;
  cut = max_sentence_bytes;
  while (cut > 0 && is_continuation(text[cut])) --cut;
  return cut;
}

/// Collects units, runs of text that no sentence crosses, and splits them.
class splitter {
 public:
  void add_paragraph(std::vector<std::string_view> paragraph) {
    if (paragraph.empty()) return;
    strip_margin(paragraph);
    std::size_t width = 0;
    for (const std::string_view line : paragraph) {
      width = std::max(width, line.size());
    }
    std::string_view previous;
    for (std::string_view line : paragraph) {
      std::size_t marker = marker_length(line);
      if (is_blank(line.substr(marker))) marker = 0;
      if (starts_unit(previous, line, marker, width)) {
        end_unit();
        list_item_ = marker > 0 && !is_digit(line.front());
        numbered_ = marker > 0 && is_digit(line.front());
        line.remove_prefix(marker);
      }
      append(line);
      previous = line;
    }
    end_unit();
    opens_paragraph_ = true;
  }

  std::vector<sentence> take() { return std::move(found_); }

 private:
  /// Returns whether `line` starts something new though no blank line precedes
  /// it.
  static bool starts_unit(std::string_view previous, std::string_view line,
                          std::size_t marker, std::size_t width) {
    if (previous.empty()) return true;
    if (is_notice(line) || is_notice(previous)) return true;
    if (is_field(line) && !previous.ends_with(',')) return true;
    if (is_field(previous) && words_in(previous) < 8 &&
        is_upper(line.front())) {
      return true;
    }
    // A line that had room for the next word was ended on purpose.
    const std::size_t word = std::min(line.find(' '), line.size());
    const bool early = (previous.size() + 1 + word) * 10 < width * 6 ||
                       (width < 40 && !is_lower(line.front()));
    if (early && !is_lower(line.front())) return true;
    if (marker == 0) return false;
    const bool wrapped_number =
        is_digit(line.front()) && !is_one_of(previous.back(), ".;:,!?");
    return !wrapped_number;
  }

  void append(std::string_view line) {
    while (!line.empty()) {
      const std::size_t space = std::min(line.find(' '), line.size());
      if (space > 0) {
        if (!unit_.empty()) unit_ += ' ';
        unit_ += line.substr(0, space);
      }
      line.remove_prefix(std::min(space + 1, line.size()));
    }
  }

  void end_unit() {
    std::string_view rest = unit_;
    opens_unit_ = true;
    std::size_t at = 0;
    while (at < rest.size()) {
      std::size_t end = sentence_end(rest, at);
      if (end == 0 && at >= max_sentence_bytes) end = forced_cut(rest);
      if (end == 0) {
        ++at;
        continue;
      }
      emit(rest.substr(0, end));
      rest = trimmed(rest.substr(end));
      at = 0;
    }
    emit(rest);
    unit_.clear();
  }

  void emit(std::string_view text) {
    text = trimmed(text);
    if (is_blank(text)) return;
    sentence_kind kind = sentence_kind::prose;
    if (is_notice(text)) {
      kind = sentence_kind::notice;
    } else {
      const bool stopped = ends_with_stop(text);
      const bool alone = text.size() == unit_.size();
      const std::size_t words = words_in(text);
      // "2. Basic Permissions." is a heading in spite of its full stop.
      const bool title = stopped ? numbered_ && opens_unit_ && words < 9
                                 : alone && words <= heading_words;
      if (title) {
        kind = sentence_kind::heading;
      } else if (!stopped) {
        kind = sentence_kind::fragment;
      }
    }
    found_.push_back({std::string(text), kind, list_item_, opens_paragraph_});
    opens_paragraph_ = false;
    opens_unit_ = false;
  }

  std::vector<sentence> found_;
  std::string unit_;
  bool list_item_ = false;
  bool numbered_ = false;
  bool opens_paragraph_ = true;
  bool opens_unit_ = true;
};

}  // namespace

std::vector<sentence> split_sentences(std::string_view text) {
  const lines all = clean_lines(text);
  splitter result;
  std::vector<std::string_view> paragraph;
  for (const std::string& line : all) {
    if (is_blank(line)) {
      result.add_paragraph(std::move(paragraph));
      paragraph.clear();
    } else {
      paragraph.push_back(trimmed(line));
    }
  }
  result.add_paragraph(std::move(paragraph));
  return result.take();
}

}  // namespace summarize
