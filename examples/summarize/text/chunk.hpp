#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace summarize {

/// Cuts `text` into consecutive pieces of at most `max_bytes` bytes.
///
/// The pieces joined give `text` back, byte for byte. A cut is made after a
/// blank line where there is one, else after the end of a sentence, a line, a
/// word; only a piece without any of these is cut inside a word, and then
/// between two characters. Pieces come out about equally long, so the last one
/// is not a scrap. A text of white space alone gives no pieces.
///
/// `max_bytes` under 64 counts as 64. The pieces are views into `text`.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] std::vector<std::string_view> split_chunks(std::string_view text,
                                                         std::size_t max_bytes);

}  // namespace summarize
