#include "support/catch.hpp"

#include <troupe/printable.hpp>

#include <set>
#include <string>

namespace {

using troupe::line_breaks;
using troupe::printable;

const std::string replaced = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("Plain text of any script is shown as it is", "[printable]") {
  CHECK(printable("Grüße, 世界 🎭") == "Grüße, 世界 🎭");
}

TEST_CASE("Escape sequences become plain text", "[printable]") {
  CHECK(printable("\x1b]0;title\x07") == replaced + "]0;title" + replaced);
  CHECK(printable("a\rb") == "a" + replaced + "b");
  CHECK(printable(std::string{"a\0b", 3}) == "a" + replaced + "b");
  CHECK(printable("\x7f") == replaced);
  // U+009B, which begins a sequence like ESC [ does.
  CHECK(printable("\xC2\x9B"
                  "2J") == replaced + "2J");
}

TEST_CASE("Characters that turn the direction are replaced", "[printable]") {
  for (const char* each :
       {"\xE2\x80\xAE", "\xE2\x81\xA6", "\xD8\x9C", "\xE2\x80\x8F"}) {
    CHECK(printable(each) == replaced);
  }
}

TEST_CASE("Ends of lines are kept or become spaces", "[printable]") {
  CHECK(printable("a\r\nb\tc\n") == "a b c ");
  CHECK(printable("a\r\nb\tc\n", line_breaks::kept) == "a\nb\tc\n");
  CHECK(printable("a\xE2\x80\xA8"
                  "b") == "a b");
}

TEST_CASE("What is not UTF-8 is replaced", "[printable]") {
  CHECK(printable("a\xFF"
                  "b") == "a" + replaced + "b");
  CHECK(printable("\xED\xA0\x80").find('\xED') == std::string::npos);
  CHECK_FALSE(troupe::is_utf8("\xC0\xAF"));
  CHECK(troupe::is_utf8("é"));
}

TEST_CASE("Long text is cut between two characters", "[printable]") {
  CHECK(printable("ééé", line_breaks::joined, 3) == "é...");
  CHECK(printable("ééé", line_breaks::joined, 6) == "ééé");
  CHECK(troupe::cut("abc", 0) == "...");
  CHECK(troupe::cut("abc", 2) == "ab...");
  CHECK(troupe::cut("abc", 3) == "abc");
}

TEST_CASE("Exactly what acts on a terminal is replaced", "[printable]") {
  const auto text_of = [](unsigned character) {
    const auto byte = [](unsigned value) { return static_cast<char>(value); };
    if (character < 0x80) return std::string{byte(character)};
    if (character < 0x800) {
      return std::string{byte(0xC0 | character >> 6),
                         byte(0x80 | (character & 0x3F))};
    }
    return std::string{byte(0xE0 | character >> 12),
                       byte(0x80 | (character >> 6 & 0x3F)),
                       byte(0x80 | (character & 0x3F))};
  };
  std::set<unsigned> marked;
  std::set<unsigned> spaces;
  for (unsigned character = 1; character < 0x2100; ++character) {
    const auto shown = printable(text_of(character));
    if (shown == replaced) {
      marked.insert(character);
    } else if (shown == " ") {
      spaces.insert(character);
    } else if (shown != text_of(character)) {
      FAIL(character);
    }
  }
  std::set<unsigned> expected{0x7F, 0x061C, 0x200E, 0x200F};
  for (unsigned each = 1; each < 0x20; ++each) {
    if (each != '\t' && each != '\n') expected.insert(each);
  }
  for (unsigned each = 0x80; each < 0xA0; ++each) expected.insert(each);
  for (unsigned each = 0x202A; each < 0x202F; ++each) expected.insert(each);
  for (unsigned each = 0x2066; each < 0x206A; ++each) expected.insert(each);
  CHECK(marked == expected);
  CHECK(spaces == std::set<unsigned>{'\t', '\n', ' ', 0x2028, 0x2029});
}
