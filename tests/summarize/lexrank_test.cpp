#include "summarize/text/lexrank.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <numeric>
#include <random>

using summarize::cosine;
using summarize::lexrank;
using summarize::sparse_vector;

namespace {

std::vector<sparse_vector> random_rows(std::size_t rows, std::uint32_t terms,
                                       unsigned seed) {
  std::mt19937 random(seed);
  std::vector<sparse_vector> result(rows);
  for (sparse_vector& row : result) {
    double square = 0;
    for (std::uint32_t term = 0; term < terms; ++term) {
      if (random() % 4 != 0) continue;
      const double weight = 1.0 + static_cast<double>(random() % 100) / 50;
      row.push_back({term, weight});
      square += weight * weight;
    }
    for (auto& entry : row) entry.weight /= std::sqrt(square);
  }
  return result;
}

/// The definition, with the whole matrix.
std::vector<double> plain_lexrank(const std::vector<sparse_vector>& rows,
                                  double damping) {
  const std::size_t n = rows.size();
  const double jump = 1.0 / static_cast<double>(n);
  std::vector<double> degree(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i != j) degree[i] += cosine(rows[i], rows[j]);
    }
  }
  std::vector<double> rank(n, jump);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> next(n, (1 - damping) * jump);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (degree[i] < 1e-9) {
          next[j] += damping * rank[i] * jump;
        } else if (i != j) {
          next[j] += damping * rank[i] * cosine(rows[i], rows[j]) / degree[i];
        }
      }
    }
    rank = next;
  }
  return rank;
}

}  // namespace

TEST_CASE("the cosine of unit vectors is their product", "[lexrank]") {
  const sparse_vector a{{0, 0.6}, {2, 0.8}};
  const sparse_vector b{{1, 0.6}, {2, 0.8}};
  REQUIRE(cosine(a, b) == Approx(0.64));
  REQUIRE(cosine(a, a) == Approx(1.0));
  REQUIRE(cosine(a, {}) == 0.0);
}

TEST_CASE("the ranks equal those of the whole matrix", "[lexrank]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    auto rows = random_rows(20, 12, seed);
    rows[3].clear();        // no words at all
    rows[7] = {{50, 1.0}};  // shares no word with any other
    const std::vector<double> even(rows.size(), 1.0);
    const auto fast = lexrank(rows, even);
    const auto plain = plain_lexrank(rows, 0.85);
    REQUIRE(fast.size() == plain.size());
    for (std::size_t i = 0; i < fast.size(); ++i) {
      CAPTURE(seed, i);
      REQUIRE(fast[i] == Approx(plain[i]).margin(1e-5));
    }
  }
}

TEST_CASE("the ranks sum to one", "[lexrank]") {
  const auto rows = random_rows(50, 30, 7);
  std::vector<double> prior(rows.size());
  std::iota(prior.begin(), prior.end(), 0.0);
  const auto rank = lexrank(rows, prior);
  REQUIRE(std::accumulate(rank.begin(), rank.end(), 0.0) ==
          Approx(1.0).margin(1e-6));
}

TEST_CASE("a sentence at the centre ranks first", "[lexrank]") {
  const double half = std::sqrt(0.5);
  const std::vector<sparse_vector> rows{
      {{0, 1.0}}, {{0, half}, {1, half}}, {{1, 1.0}}, {{2, 1.0}}};
  const auto rank = lexrank(rows, std::vector<double>(4, 1.0));
  REQUIRE(rank[1] > rank[0]);
  REQUIRE(rank[1] > rank[2]);
  REQUIRE(rank[0] > rank[3]);
  REQUIRE(rank[0] == Approx(rank[2]));
}

TEST_CASE("no sentences have no ranks", "[lexrank]") {
  REQUIRE(lexrank({}, {}).empty());
}
