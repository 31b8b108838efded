#include "summarize/summarizer.hpp"

#include "summarize/text/lexrank.hpp"
#include "summarize/text/sentences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace summarize {

namespace {

bool is_stop_word(std::string_view word) {
  static constexpr std::array<std::string_view, 121> stop_words{
      "a",       "about",   "above",   "after",  "again", "all",    "also",
      "am",      "an",      "and",     "any",    "are",   "as",     "at",
      "be",      "because", "been",    "before", "being", "below",  "between",
      "both",    "but",     "by",      "can",    "could", "did",    "do",
      "does",    "doing",   "down",    "during", "each",  "either", "few",
      "for",     "from",    "further", "had",    "has",   "have",   "having",
      "he",      "her",     "here",    "him",    "his",   "how",    "i",
      "if",      "in",      "into",    "is",     "it",    "its",    "itself",
      "just",    "may",     "me",      "might",  "more",  "most",   "must",
      "my",      "no",      "nor",     "not",    "of",    "off",    "on",
      "once",    "only",    "or",      "other",  "our",   "out",    "over",
      "own",     "s",       "same",    "shall",  "she",   "should", "so",
      "some",    "such",    "t",       "than",   "that",  "the",    "their",
      "them",    "then",    "there",   "these",  "they",  "this",   "those",
      "through", "to",      "too",     "under",  "until", "up",     "very",
      "was",     "we",      "were",    "what",   "when",  "where",  "which",
      "while",   "who",     "whom",    "why",    "will",  "with",   "would",
      "you",     "your"};
  return std::binary_search(stop_words.begin(), stop_words.end(), word);
}

/// A lower-case word without its plural ending, so that "works" meets "work".
void reduce(std::string& word) {
  if (word.size() > 4 && word.ends_with("ies")) {
    word.replace(word.size() - 3, 3, "y");
  } else if (word.size() > 3 && word.back() == 's' &&
             word[word.size() - 2] != 's' && word[word.size() - 2] != 'u' &&
             word[word.size() - 2] != 'i') {
    word.pop_back();
  }
}

/// Returns whether a character of three bytes starts with `byte` that is a word
/// by itself: Chinese and Japanese are written without spaces.
bool starts_ideograph(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0xE3 && byte <= 0xE9;
}

/// Calls `use` with each word of `text` in lower case.
template <class Use>
void for_each_word(std::string_view text, Use use) {
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) use(word);
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (starts_ideograph(c) && i + 2 < text.size()) {
      flush();
      word = text.substr(i, 3);
      flush();
      i += 2;
    } else if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c + 32);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               static_cast<unsigned char>(c) >= 0x80) {
      word += c;
    } else {
      flush();
    }
  }
  flush();
}

/// Numbers the terms of a text from 0 in the order of their appearance.
class vocabulary {
 public:
  static constexpr std::uint32_t no_term = 0xFFFF'FFFF;

  /// The number of the term that `word` is a form of, `no_term` if the word
  /// says nothing about the subject.
  std::uint32_t term_of(const std::string& word) {
    // Most words were seen before, and one look-up is all they cost.
    const auto [form, added] = forms_.try_emplace(word, no_term);
    if (added && !is_stop_word(word)) {
      std::string term = word;
      reduce(term);
      const auto next = static_cast<std::uint32_t>(terms_.size());
      form->second = terms_.try_emplace(std::move(term), next).first->second;
    }
    return form->second;
  }

  [[nodiscard]] std::size_t size() const noexcept { return terms_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> forms_;
  std::unordered_map<std::string, std::uint32_t> terms_;
};

/// Sorts the terms of a sentence and adds up those that are the same.
void merge_terms(sparse_vector& row) {
  std::sort(row.begin(), row.end(),
            [](auto a, auto b) { return a.term < b.term; });
  std::size_t used = 0;
  for (const term_weight entry : row) {
    if (used > 0 && row[used - 1].term == entry.term) {
      row[used - 1].weight += entry.weight;
    } else {
      row[used++] = entry;
    }
  }
  row.resize(used);
}

/// TF-IDF vectors of the sentences, each of length 1.
std::vector<sparse_vector> term_vectors(const std::vector<sentence>& all) {
  vocabulary terms;
  std::vector<double> sentences_with;
  std::vector<sparse_vector> vectors(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    sparse_vector& row = vectors[i];
    for_each_word(all[i].text, [&](const std::string& word) {
      const std::uint32_t term = terms.term_of(word);
      if (term != vocabulary::no_term) row.push_back({term, 1.0});
    });
    merge_terms(row);
    sentences_with.resize(terms.size());
    for (const term_weight entry : row) sentences_with[entry.term] += 1;
  }
  const auto count = static_cast<double>(all.size());
  for (sparse_vector& row : vectors) {
    double square = 0;
    for (auto& [term, weight] : row) {
      weight *= std::log(1 + count / sentences_with[term]);
      square += weight * weight;
    }
    for (term_weight& entry : row) entry.weight /= std::sqrt(square);
  }
  return vectors;
}

struct letter_counts {
  double letters = 0;
  double capitals = 0;
  double others = 0;  // neither letter nor space
};

letter_counts count_letters(std::string_view text) {
  letter_counts counts;
  for (const char c : text) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool letter = capital || (c >= 'a' && c <= 'z') ||
                        static_cast<unsigned char>(c) >= 0x80;
    counts.capitals += capital ? 1 : 0;
    counts.letters += letter ? 1 : 0;
    counts.others += !letter && c != ' ' ? 1 : 0;
  }
  return counts;
}

/// Returns whether the sentence leans on the one before it.
bool leans_back(std::string_view text) {
  constexpr std::array<std::string_view, 17> openings{
      "However",     "But ",       "This ", "These ",      "Therefore",
      "Thus",        "Otherwise",  "Also,", "They ",       "It ",
      "Such ",       "And ",       "Then ", "By contrast", "Thereafter",
      "In addition", "For example"};
  return std::any_of(openings.begin(), openings.end(),
                     [&](auto opening) { return text.starts_with(opening); });
}

/// Returns whether the sentence only says what a word means.
bool is_definition(std::string_view text) {
  constexpr std::array<std::string_view, 6> verbs{
      " mean", " refer", " is ", " are ", " shall mean", " denote"};
  const std::string_view opening = text.substr(0, 6);
  const bool quoted = opening.find('"') != std::string_view::npos ||
                      opening.find("“") != std::string_view::npos;
  const std::string_view start = text.substr(0, 80);
  return quoted && std::any_of(verbs.begin(), verbs.end(), [&](auto verb) {
           return start.find(verb) != std::string_view::npos;
         });
}

/// Returns how well a sentence reads in a summary, from 0 to 1.
double readability(const sentence& one, std::size_t words) {
  double value = 1;
  if (one.kind == sentence_kind::fragment) {
    // A sentence that introduces a list often says what the list is about.
    value *= one.text.back() == ':' && words > 12 ? 0.7 : 0.25;
  }
  if (one.kind == sentence_kind::heading) value *= 0.05;
  if (one.kind == sentence_kind::notice) value *= 0.02;
  if (one.list_item) value *= 0.6;
  if (!one.opens_paragraph) value *= 0.9;
  if (words < 5) value *= 0.1;
  if (words < 12) value *= 0.4 + 0.05 * static_cast<double>(words);
  if (words > 45) value *= 45.0 / static_cast<double>(words);
  const letter_counts counts = count_letters(one.text);
  if (counts.capitals > 0.5 * counts.letters) value *= 0.1;
  if (counts.others > 0.15 * counts.letters) value *= 0.3;
  const char first = one.text.front();
  if (first >= 'a' && first <= 'z') value *= 0.5;
  if (first == '(' || first == '[') value *= 0.3;
  if (leans_back(one.text)) value *= 0.7;
  if (is_definition(one.text)) value *= 0.5;
  if (one.text.find('|') != std::string::npos) value *= 0.3;
  if (one.text.find("://") != std::string::npos) value *= 0.6;
  return value;
}

/// Early sentences introduce a text, so the walk starts there more often.
std::vector<double> early_prior(const std::vector<sentence>& all) {
  std::vector<double> prior;
  prior.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    prior.push_back(1 + 4 * std::exp(-static_cast<double>(i) / 8));
  }
  return prior;
}

std::size_t words_and_ideographs_in(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count_if(
                 text.begin(), text.end(),
                 [](char c) { return c == ' ' || starts_ideograph(c); }));
}

/// Returns the value of each sentence in a summary, by itself.
std::vector<double> values_of(const std::vector<sentence>& all,
                              const std::vector<sparse_vector>& vectors,
                              const std::vector<std::size_t>& words) {
  std::vector<double> value = lexrank(vectors, early_prior(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double place =
        static_cast<double>(i) / static_cast<double>(all.size());
    value[i] *= readability(all[i], words[i]) * (1 - 0.5 * place);
  }
  return value;
}

/// Indices of at most `wanted` sentences, ascending. Each time the best of
/// the rest is taken, after a deduction for what it repeats.
std::vector<std::size_t> choose(const std::vector<sentence>& all,
                                std::size_t wanted, std::size_t max_words) {
  const std::vector<sparse_vector> vectors = term_vectors(all);
  std::vector<std::size_t> words;
  words.reserve(all.size());
  for (const sentence& one : all) {
    words.push_back(words_and_ideographs_in(one.text));
  }
  const std::vector<double> value = values_of(all, vectors, words);
  std::vector<double> news(all.size(), 1.0);
  std::vector<std::size_t> chosen;
  std::size_t total = 0;
  while (chosen.size() < wanted) {
    std::size_t best = all.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      // A heading or a notice is better than nothing, but no filler.
      const bool filler = all[i].kind == sentence_kind::heading ||
                          all[i].kind == sentence_kind::notice;
      const bool fits = !filler && total + words[i] <= max_words;
      if (news[i] <= 0 || !(fits || chosen.empty())) continue;
      if (best == all.size() || value[i] * news[i] > value[best] * news[best]) {
        best = i;
      }
    }
    if (best == all.size()) break;
    chosen.push_back(best);
    total += words[best];
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double repeated = cosine(vectors[i], vectors[best]);
      news[i] = repeated > 0.7 ? 0.0 : std::min(news[i], 1 - repeated);
    }
    news[best] = 0;
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// Appends `text` to the summary as a sentence.
void append_sentence(std::string& summary, std::string_view text) {
  if (!summary.empty()) summary += ' ';
  while (!text.empty() &&
         std::string_view(",;: ").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  summary += text;
}

std::string join(const std::vector<sentence>& all,
                 const std::vector<std::size_t>& chosen) {
  std::string summary;
  for (const std::size_t i : chosen) {
    append_sentence(summary, all[i].text);
    if (all[i].kind != sentence_kind::prose) summary += '.';
  }
  return summary;
}

}  // namespace

std::string summary_of(std::string_view text, const summary_options& options) {
  const std::vector<sentence> all = split_sentences(text);
  const auto prose = static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(),
      [](const sentence& one) { return one.kind == sentence_kind::prose; }));
  const std::size_t most = std::max<std::size_t>(options.sentences, 1);
  const std::size_t wanted =
      std::clamp<std::size_t>((2 * prose + 2) / 3, 1, most);
  return join(all, choose(all, wanted, options.max_words));
}

}  // namespace summarize
