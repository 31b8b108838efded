#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace summarize {

/// The kind of a piece of text.
enum class sentence_kind {
  prose,     ///< ends as a sentence does
  fragment,  ///< ends without a full stop: a table row, an item, a cut
  heading,   ///< short, alone, without a full stop
  notice,    ///< a copyright line
};

/// One sentence of a text, on one line, single-spaced.
struct sentence {
  std::string text;
  sentence_kind kind = sentence_kind::prose;
  bool list_item = false;        ///< under a bullet or a letter, not a number
  bool opens_paragraph = false;  ///< the first of its paragraph
};

/// Splits UTF-8 `text` into sentences, in their order.
///
/// Blank lines, lines without a letter or digit, list items, changes from a
/// short line to a new one and headings end a sentence even without a full
/// stop. Common English abbreviations and initials do not. List markers and
/// the margins of comments and quotations (`#`, `//`, `*`, `>`) are left out.
/// No sentence is longer than about 1,200 bytes: longer ones are cut.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] std::vector<sentence> split_sentences(std::string_view text);

}  // namespace summarize
