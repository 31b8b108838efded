#include "summarize/text/sentences.hpp"

#include "support/catch.hpp"

using summarize::sentence;
using summarize::sentence_kind;
using summarize::split_sentences;
using texts = std::vector<std::string>;

namespace {

texts split(std::string_view text) {
  texts result;
  for (const sentence& one : split_sentences(text)) result.push_back(one.text);
  return result;
}

sentence_kind only_kind(std::string_view text) {
  const auto all = split_sentences(text);
  REQUIRE(all.size() == 1);
  return all.front().kind;
}

}  // namespace

TEST_CASE("sentences end at full stops, question and exclamation marks",
          "[sentences]") {
  REQUIRE(split("One is here. Two is \"there.\" Is three?  Four!") ==
          texts{"One is here.", "Two is \"there.\"", "Is three?", "Four!"});
  REQUIRE(split("(A note.) Then more.") == texts{"(A note.)", "Then more."});
}

TEST_CASE("a sentence goes on over line ends", "[sentences]") {
  REQUIRE(split("This sentence goes\non over a line end.\r\nThis is next.") ==
          texts{"This sentence goes on over a line end.", "This is next."});
}

TEST_CASE("abbreviations, initials and numbers do not end a sentence",
          "[sentences]") {
  for (const char* text :
       {"See e.g. The Art by D. E. Knuth, vol. 3, pp. 4.",
        "Foo, Inc. Boston, and Dr. Who are in the U.S. Army.",
        "Version 2.1 of No. 5 is used by Smith et al. Today.",
        "Names such as a.out and example.com stay whole."}) {
    CAPTURE(text);
    REQUIRE(split(text) == texts{text});
  }
  REQUIRE(split("Take this, that, etc. Then stop.") ==
          texts{"Take this, that, etc.", "Then stop."});
  REQUIRE(split("Do you agree? Say no. Then stop.") ==
          texts{"Do you agree?", "Say no.", "Then stop."});
}

TEST_CASE("full-width marks end a sentence without a space", "[sentences]") {
  REQUIRE(split("今日は晴れです。明日は雨です。") ==
          texts{"今日は晴れです。", "明日は雨です。"});
}

TEST_CASE("list items are units and lose their markers", "[sentences]") {
  REQUIRE(split("You may:\n  a) copy the work,\n  b) change the work.\n") ==
          texts{"You may:", "copy the work,", "change the work."});
  REQUIRE(split("* Apples are red\n  or green\n* Pears are green") ==
          texts{"Apples are red or green", "Pears are green"});
  REQUIRE(split("1. First thing to do\n2. Second thing to do\n") ==
          texts{"First thing to do", "Second thing to do"});
}

TEST_CASE("a number at the start of a wrapped line is no marker",
          "[sentences]") {
  REQUIRE(split("The licence is version 3 or, at your choice, version\n"
                "2. It may be changed by anyone who wants to do so now.") ==
          texts{"The licence is version 3 or, at your choice, version 2.",
                "It may be changed by anyone who wants to do so now."});
}

TEST_CASE("headings are told apart from prose", "[sentences]") {
  const auto all = split_sentences(
      "PREAMBLE\n\nSome text is here.\n\n"
      "2. Basic Permissions.\n\nMore\n====\n");
  REQUIRE(all.size() == 4);
  REQUIRE(all[0].kind == sentence_kind::heading);
  REQUIRE(all[1].kind == sentence_kind::prose);
  REQUIRE(all[2].kind == sentence_kind::heading);
  REQUIRE(all[3].kind == sentence_kind::heading);
  REQUIRE(all[3].text == "More");
}

TEST_CASE("a short line before a longer one ends what it says", "[sentences]") {
  REQUIRE(split("Usage notes\nThis program reads the files that are named on "
                "its command line.") ==
          texts{"Usage notes",
                "This program reads the files that are named on its command "
                "line."});
}

TEST_CASE("copyright lines are notices", "[sentences]") {
  REQUIRE(only_kind("Copyright (C) 2007 Someone") == sentence_kind::notice);
  REQUIRE(only_kind("All rights reserved.") == sentence_kind::notice);
  REQUIRE(only_kind("Copyright law protects the work.") ==
          sentence_kind::prose);
}

TEST_CASE("margins of comments and quotations are left out", "[sentences]") {
  REQUIRE(split("# This is a comment\n# on two lines.\n#\n# Another one.\n") ==
          texts{"This is a comment on two lines.", "# Another one."});
  REQUIRE(split("/* This is a comment\n * on two lines.\n */") ==
          texts{"This is a comment on two lines."});
  REQUIRE(split("> Someone wrote this\n> long ago.") ==
          texts{"Someone wrote this long ago."});
}

TEST_CASE("fields of a record are units", "[sentences]") {
  REQUIRE(split("Files: *\nCopyright: 2010 Someone\nLicense: MIT") ==
          texts{"Files: *", "Copyright: 2010 Someone", "License: MIT"});
}

TEST_CASE("terminal controls do not come through", "[sentences]") {
  REQUIRE(split("N\bNA\bAM\bME\bE\tis\x1b[1m bold\xC2\xA0here\x7F.") ==
          texts{"NAME is[1m bold here."});
}

TEST_CASE("text without any stop is cut between words and characters",
          "[sentences]") {
  std::string words;
  std::string euros;
  for (int i = 0; i < 2000; ++i) {
    words += "word ";
    euros += "\u20AC";
  }
  for (const auto& piece : split(words)) {
    REQUIRE(piece.size() <= 1200);
    REQUIRE(piece.substr(0, 4) == "word");
    REQUIRE(piece.substr(piece.size() - 4) == "word");
  }
  for (const auto& piece : split(euros)) {
    REQUIRE(piece.size() <= 1200);
    REQUIRE(piece.size() % 3 == 0);
  }
}

TEST_CASE("text without letters or digits has no sentences", "[sentences]") {
  REQUIRE(split("").empty());
  REQUIRE(split("\n\n --- \n *** ...\n").empty());
}
