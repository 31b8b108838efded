#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace summarize {

/// One entry of a sparse vector.
struct term_weight {
  std::uint32_t term = 0;
  double weight = 0;
};

/// A sentence as a sparse vector of length 1, terms ascending and distinct;
/// without any term it is empty.
using sparse_vector = std::vector<term_weight>;

/// The cosine of the angle between `a` and `b`.
[[nodiscard]] double cosine(const sparse_vector& a, const sparse_vector& b);

/// Ranks sentences by continuous LexRank: G. Erkan and D. R. Radev, "LexRank:
/// Graph-based Lexical Centrality as Salience in Text Summarization", Journal
/// of Artificial Intelligence Research 22 (2004), section 3.3.
///
/// The rank of a sentence is its share of the visits of a random walk that
/// goes from sentence to sentence with a chance proportional to their cosine
/// and jumps, with chance 1 - `damping`, to a sentence drawn from `prior`
/// (non-negative, one per sentence, any sum above 0). The ranks sum to 1.
///
/// The cosine matrix of n sentences is the product of the sparse matrix of
/// sentence vectors and its transpose, so a round of the power iteration
/// multiplies by the two in turn, which costs the number of words; the n * n
/// matrix is never formed.
/// Thread safety: internally synchronised. It shares no data.
[[nodiscard]] std::vector<double> lexrank(
    const std::vector<sparse_vector>& sentences, std::span<const double> prior,
    double damping = 0.85);

}  // namespace summarize
