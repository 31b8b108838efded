#include "summarize/summarizer.hpp"

#include "summarize/temporary_directory.hpp"
#include "summarize/text/chunk.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <string>

using summarize::summary_of;
using summarize::summary_options;

namespace {

const std::string tea =
    "TEA\n\n"
    "Copyright (c) 2020 The Tea Society\n\n"
    "Tea is a drink made of hot water and the leaves of the tea plant. "
    "The weather was fine on Monday. "
    "The leaves of the tea plant are dried before hot water is poured on "
    "them. Someone lost a shoe near the station.\n\n"
    "Black tea is made of leaves that were left to oxidise before they were "
    "dried. Nothing else happened.\n";

std::size_t words_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) +
         1;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a summary has the sentences that say most, in their order",
          "[summarizer]") {
  const auto summary = summary_of(tea, {.sentences = 2});
  const auto drink = summary.find("Tea is a drink made of hot water");
  const auto dried = summary.find("dried");
  REQUIRE(drink == 0);
  REQUIRE(dried != std::string::npos);
  REQUIRE_FALSE(contains(summary, "shoe"));
  REQUIRE_FALSE(contains(summary, "weather"));
  REQUIRE_FALSE(contains(summary, "Copyright"));
}

TEST_CASE("a summary keeps to the number of sentences and words",
          "[summarizer]") {
  REQUIRE(summary_of(tea, {.sentences = 1}) ==
          "Tea is a drink made of hot water and the leaves of the tea plant.");
  const auto short_one = summary_of(tea, {.sentences = 6, .max_words = 30});
  REQUIRE(words_in(short_one) <= 30);
  REQUIRE_FALSE(summary_of(tea, {.sentences = 0, .max_words = 0}).empty());
}

TEST_CASE("a sentence is not repeated in other words", "[summarizer]") {
  const auto summary = summary_of(
      "The cat sat on the mat in the kitchen. "
      "The cat sat on the mat in the kitchen today. "
      "The dog ran through the garden after the postman. "
      "The cat and the dog like the kitchen and the garden.",
      {.sentences = 2});
  const auto first = summary.find("sat on the mat");
  REQUIRE((first == std::string::npos ||
           summary.find("sat on the mat", first + 1) == std::string::npos));
}

TEST_CASE("a text without prose still gets a summary", "[summarizer]") {
  REQUIRE(summary_of("hello") == "hello.");
  REQUIRE(summary_of("alpha,\nbeta,\ngamma") != "");
  REQUIRE(summary_of("42").front() == '4');
  REQUIRE(summary_of(" \n--- \n").empty());
}

TEST_CASE("any text has a summary on one line of valid UTF-8, always the same",
          "[summarizer]") {
  const bool held = rc::check([] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>(
            "word", "Word", " ", " ", ". ", "\n", "\n\n", "- ", "1. ", "(a) ",
            "\u00E9", "\u6F22", "\u3002", "\"", ")", "e.g. ", "Copyright (c) ",
            "# ", "// ", "\t", ": ", "License: ", "\x01", "\b", "\u201D"));
    std::string text;
    for (const auto& piece : pieces) text += piece;
    const auto summary = summary_of(text);
    RC_ASSERT(summary == summary_of(text));
    RC_ASSERT(summary.find('\n') == std::string::npos);
    RC_ASSERT(!nlohmann::json(summary).dump().empty());
    const bool wordy = std::any_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
             (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
    });
    RC_ASSERT(wordy || summary.empty());
    const bool erased = text.find('\b') != std::string::npos;
    RC_ASSERT(!wordy || erased || !summary.empty());
  });
  REQUIRE(held);
}

TEST_CASE("twenty thousand sentences are ranked at once", "[summarizer]") {
  // A matrix of all pairs would take 3.2 GB and 400 million cosines.
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "Sentence number " + std::to_string(i) + " speaks of thing " +
            std::to_string(i % 97) + " and of matter " +
            std::to_string(i % 89) + " in the common words. ";
  }
  REQUIRE(words_in(summary_of(text)) > 20);
}
