#include "summarize/text/lexrank.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace summarize {

namespace {

constexpr int max_rounds = 60;
constexpr double tolerance = 1e-7;

using vector = std::vector<double>;

/// The cosine matrix without its diagonal, kept as a product of two sparse
/// matrices.
class similarity_matrix {
 public:
  explicit similarity_matrix(const std::vector<sparse_vector>& rows)
      : rows_(rows) {
    std::size_t terms = 0;
    for (const sparse_vector& row : rows) {
      if (!row.empty()) {
        terms = std::max<std::size_t>(terms, row.back().term + std::size_t{1});
      }
    }
    by_term_.resize(terms);
  }

  [[nodiscard]] vector times(const vector& x) {
    std::fill(by_term_.begin(), by_term_.end(), 0.0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (const auto& [term, weight] : rows_[i]) {
        by_term_[term] += weight * x[i];
      }
    }
    vector result(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      double sum = 0;
      for (const auto& [term, weight] : rows_[i]) {
        sum += weight * by_term_[term];
      }
      const double diagonal = rows_[i].empty() ? 0.0 : 1.0;
      result[i] = std::max(0.0, sum - diagonal * x[i]);
    }
    return result;
  }

 private:
  const std::vector<sparse_vector>& rows_;
  vector by_term_;
};

}  // namespace

double cosine(const sparse_vector& a, const sparse_vector& b) {
  double sum = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (i->term == j->term) {
      sum += (i++)->weight * (j++)->weight;
    } else if (i->term < j->term) {
      ++i;
    } else {
      ++j;
    }
  }
  return sum;
}

std::vector<double> lexrank(const std::vector<sparse_vector>& sentences,
                            std::span<const double> prior, double damping) {
  // Below this a sentence shares no word with any other; what is left of its
  // degree is rounding.
  constexpr double no_degree = 1e-9;
  const std::size_t n = sentences.size();
  if (n == 0) return {};
  similarity_matrix similarity(sentences);
  const vector degree = similarity.times(vector(n, 1.0));
  vector jump(prior.begin(), prior.end());
  const double sum = std::accumulate(jump.begin(), jump.end(), 0.0);
  for (double& chance : jump) chance /= sum;

  vector rank = jump;
  for (int round = 0; round < max_rounds; ++round) {
    double stuck = 0;
    vector outgoing(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (degree[i] > no_degree) {
        outgoing[i] = rank[i] / degree[i];
      } else {
        stuck += rank[i];
      }
    }
    vector next = similarity.times(outgoing);
    double change = 0;
    for (std::size_t i = 0; i < n; ++i) {
      next[i] = damping * next[i] + (1 - damping + damping * stuck) * jump[i];
      change += std::abs(next[i] - rank[i]);
    }
    rank = std::move(next);
    if (change < tolerance) break;
  }
  return rank;
}

}  // namespace summarize
