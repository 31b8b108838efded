#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace summarize {

/// The length of a summary.
struct summary_options {
  /// Sentences in the summary, at least 1. A text with few sentences gets
  /// fewer: about two thirds of its own.
  std::size_t sentences = 4;
  /// No further sentence is taken once it would bring the summary over this.
  std::size_t max_words = 140;
};

/// Summarises UTF-8 `text` by the sentences of its own that say most about
/// the rest, in the order of the text.
///
/// Sentences are ranked by LexRank over TF-IDF vectors (see lexrank.hpp), with
/// a preference for early ones. The rank is lowered for what reads badly out
/// of its place: headings, cut items, capitals only, very short or long
/// sentences, definitions, and what repeats a sentence already taken (as in J.
/// Carbonell and J. Goldstein's maximal marginal relevance, SIGIR 1998).
///
/// The result ends with a full stop or the like, is valid UTF-8 on one line,
/// and is empty only if `text` has no letter or digit. Same text, same summary.
/// Takes time proportional to the length of the text.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] std::string summary_of(std::string_view text,
                                     const summary_options& options = {});

}  // namespace summarize
