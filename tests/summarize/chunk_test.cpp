#include "summarize/text/chunk.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <string>

using summarize::split_chunks;

namespace {

std::string joined(const std::vector<std::string_view>& pieces) {
  std::string text;
  for (const auto piece : pieces) text += piece;
  return text;
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("a text that fits is one chunk", "[chunk]") {
  const std::string text = "One line.\n\nAnother line.\n";
  REQUIRE(split_chunks(text, 64) == std::vector<std::string_view>{text});
}

TEST_CASE("a text of white space gives no chunks", "[chunk]") {
  REQUIRE(split_chunks("", 64).empty());
  REQUIRE(split_chunks(std::string(500, '\n'), 64).empty());
}

TEST_CASE("a cut is made after a blank line where there is one", "[chunk]") {
  const std::string first = "The first paragraph. It has two sentences.\n\n";
  const std::string second = "The second paragraph. It has two as well.\n";
  const std::string text = first + second;
  const auto pieces = split_chunks(text, 64);
  REQUIRE(pieces == std::vector<std::string_view>{first, second});
}

TEST_CASE("a cut is made between sentences where no line ends", "[chunk]") {
  const std::string text = repeated("A sentence of seven words is here. ", 8);
  const auto pieces = split_chunks(text, 100);
  REQUIRE(pieces.size() > 1);
  for (const auto piece : pieces) {
    REQUIRE(piece.substr(0, 2) == "A ");
    REQUIRE(piece.substr(piece.size() - 2) == ". ");
  }
}

TEST_CASE("a cut never divides a character", "[chunk]") {
  const std::string text = repeated("\xE2\x82\xAC", 100);
  for (const auto piece : split_chunks(text, 64)) {
    REQUIRE(piece.size() % 3 == 0);
  }
}

TEST_CASE("chunks come out about equally long", "[chunk]") {
  const std::string text = repeated("word ", 210);
  const auto pieces = split_chunks(text, 1000);
  REQUIRE(pieces.size() == 2);
  REQUIRE(pieces[1].size() > 350);
}

TEST_CASE("a run of blank lines takes no time that grows with its square",
          "[chunk]") {
  const std::string text = "start" + std::string(4'000'000, '\n') + "end";
  REQUIRE(joined(split_chunks(text, 1'000'000)) == text);
}

TEST_CASE("chunks joined give the text back and keep to the limit", "[chunk]") {
  const bool held = rc::check([] {
    const auto words = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("a", "word", ".", "\n", " ", "\n\n", "\t",
                                      "\xC3\xA9", "Longer. ", "\r\n"));
    const auto limit = *rc::gen::inRange<std::size_t>(64, 200);
    std::string text;
    for (int i = 0; i < 20; ++i) {
      for (const auto& word : words) text += word;
    }
    const auto pieces = split_chunks(text, limit);
    RC_ASSERT(pieces.empty() || joined(pieces) == text);
    RC_ASSERT(!pieces.empty() ||
              text.find_first_not_of(" \t\r\n") == std::string::npos);
    for (const auto piece : pieces) {
      RC_ASSERT(!piece.empty());
      RC_ASSERT(piece.size() <= limit);
      RC_ASSERT((static_cast<unsigned char>(piece.front()) & 0xC0U) != 0x80U);
    }
  });
  REQUIRE(held);
}
