// Patterns of schemas, which are those of ECMA-262, matched by RE2.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/json_schema.hpp>
#include <troupe/printable.hpp>

#include <string>

using troupe::errc;
using troupe::json;
using troupe::llm::json_schema;
using troupe_test::code_of;

namespace {

using troupe_test::has;
bool matches(const std::string& pattern, const std::string& text) {
  return json_schema{{{"pattern", pattern}}}.mistakes_in(text).empty();
}

/// Returns the reason why a pattern is refused; empty if it is not.
std::string refusal(const std::string& pattern) {
  std::string text;
  const auto code = code_of(
      [&] {
        json_schema{{{"pattern", pattern}}};
      },
      &text);
  return code == errc::bad_flow ? text : "";
}

}  // namespace

TEST_CASE("A pattern is searched for, not held against the whole text",
          "[pattern]") {
  CHECK(matches("b", "abc"));
  CHECK(matches("^a", "abc"));
  CHECK_FALSE(matches("^b", "abc"));
  CHECK(matches("c$", "abc"));
  // The end of the text, not that of a line.
  CHECK_FALSE(matches("a$", "a\n"));
  CHECK_FALSE(matches("^b", "a\nb"));
}

TEST_CASE("A pattern means what ECMA-262 says", "[pattern]") {
  CHECK(matches("^\\d+\\/\\w\\-\\u00e9\\x41$", "12/x-éA"));
  CHECK_FALSE(matches("^\\d$", "٣"));
  CHECK(matches("^\\s\\s$", "\xC2\xA0\xE2\x80\xA8"));
  CHECK(matches("^[\\S]$", "é"));
  CHECK_FALSE(matches("\\S", " \t\xEF\xBB\xBF"));
  CHECK(matches("^.$", "💩"));
  CHECK_FALSE(matches("^.$", "\r"));
  CHECK_FALSE(matches("^.$", "\xE2\x80\xA9"));
  CHECK(matches("^\\uD83D\\uDCA9\\u{1F4A9}$", "💩💩"));
  CHECK(matches("^\\cA\\0$", std::string{"\x01\0", 2}));
  CHECK(matches("^[^]$", "\n"));
  CHECK_FALSE(matches("[]", "a"));
  CHECK(matches("^[\\w-.]+$", "a-b.c"));
  CHECK(matches("^[[:alpha:]+$", "[:ahlp:"));
  CHECK(matches("^[a^&&-]+$", "a^&-"));
  CHECK(matches("^[\\b]$", "\b"));
  CHECK(matches("^{a}{,2}]$", "{a}{,2}]"));
  CHECK(matches("^(?<year>\\d{4})-(?:x|y)$", "2020-x"));
  CHECK(matches("^\\p{Letter}\\p{Script=Greek}\\P{L}$", "éλ1"));
  CHECK(matches("^(?i:ab)c$", "ABc"));
}

TEST_CASE("What RE2 cannot express is refused by name", "[pattern]") {
  CHECK(has(refusal("^(?=a)b"), "'^(?=a)b' has a lookahead"));
  CHECK(has(refusal("a(?!b)"), "a lookahead"));
  CHECK(has(refusal("(?<=a)b"), "a lookbehind"));
  CHECK(has(refusal("(?<!a)b"), "a lookbehind"));
  CHECK(has(refusal("(a)\\1"), "a reference to a group"));
  CHECK(has(refusal("(?<x>a)\\k<x>"), "a reference to a group"));
  CHECK(has(refusal("a{2000}"), "more than 1,000 times"));
  CHECK(has(refusal("(a{500}){500}"), "too large"));
  CHECK(has(refusal("a\\Z"), "the escape '\\Z'"));
  CHECK(has(refusal("\\uD83D"), "surrogate"));
  CHECK(has(refusal("(a"), "RE2 says"));
  CHECK(has(refusal("a)"), "RE2 says"));
  CHECK(has(refusal("a**"), "RE2 says"));
  CHECK(has(refusal("[b-a]"), "RE2 says"));
  CHECK(has(refusal("\\p{Nothing}"), "RE2 says"));
  CHECK(has(refusal("[a"), "'[' without a ']'"));
  CHECK(has(refusal("a\\"), "ends in"));
  CHECK(has(refusal(std::string(20'000, 'a')), "10,000 bytes"));
  const auto controls = refusal("\x1b[2J(");
  CHECK_FALSE(controls.empty());
  CHECK_FALSE(has(controls, "\x1b"));
  CHECK_FALSE(has(refusal("(?\x1b"), "\x1b"));
  CHECK(troupe::is_utf8(refusal("\\\u00e9")));
}

TEST_CASE("Patterns are bounded together", "[pattern]") {
  json members = json::object();
  for (int i = 0; i < 300; ++i) members["a" + std::to_string(i)] = true;
  std::string text;
  CHECK(code_of(
            [&] {
              json_schema{{{"patternProperties", members}}};
            },
            &text) == errc::bad_flow);
  CHECK(has(text, "all patterns together"));
}

TEST_CASE("A pattern takes time and stack by the length of the text only",
          "[pattern]") {
  // Each once took the whole stack, or years.
  CHECK(matches("^([a-z]|[0-9]|-|_|\\.)+$", std::string(1'000'000, 'a')));
  CHECK(matches("(a|b|c|.)*$", std::string(100'000, 'a')));
  CHECK_FALSE(matches("^(a+)+$", std::string(1'000'000, 'a') + "!"));
  CHECK_FALSE(matches("^(a|a)*$", std::string(1'000'000, 'a') + "!"));
  CHECK(matches(std::string(1'000, '(') + "a" + std::string(1'000, ')'), "a"));
}

TEST_CASE("A pattern that takes long for a text is not tried on it",
          "[pattern]") {
  const json_schema schema{{{"pattern", "[ab]*a[ab]{900}c"}}};
  CHECK(schema.mistakes_in(std::string(2'000, 'a')).size() == 1);
  const auto mistakes = schema.mistakes_in(std::string(1'000'000, 'a'));
  REQUIRE(mistakes.size() == 1);
  CHECK(has(mistakes.front(), "cannot be checked within 2000000 steps"));
}
