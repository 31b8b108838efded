#include "support/catch.hpp"

#include <troupe/printable.hpp>

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
}
