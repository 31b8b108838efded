#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>

#include <string>

namespace {

using troupe::errc;
using troupe::json;
using troupe::json_bounds;
using troupe::read_json;
using troupe_test::code_of;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string message_of(const std::string& text, const json_bounds& limits) {
  try {
    static_cast<void>(read_json(text, limits));
  } catch (const troupe::error& why) {
    return why.message();
  }
  return {};
}

}  // namespace

TEST_CASE("JSON from outside is read up to its depth", "[json_text]") {
  CHECK(read_json(nested(512)).size() == 1);
  CHECK(code_of([] { (void)read_json(nested(513)); }) == errc::bad_value);
  CHECK(code_of([] { (void)read_json(nested(1'000'000)); }) == errc::bad_value);
}

TEST_CASE("Brackets inside of a text are no depth", "[json_text]") {
  const json form = R"({"a": "[[[[\"[[[", "b": "\\"})"_json;
  CHECK(read_json(troupe::write_json(form), {1'000, 1, 10}) == form);
}

TEST_CASE("Text with too many bytes or elements is refused", "[json_text]") {
  CHECK(read_json("[1,2,3]", {7, 1, 3}).size() == 3);
  CHECK(message_of("[1,2,3]", {6, 1, 3}).find("7 bytes, more than 6") !=
        std::string::npos);
  CHECK(message_of("[1,2,3,4]", {100, 1, 3}).find("more than 3 elements") !=
        std::string::npos);
  CHECK(message_of("[[],[],[]]", {100, 2, 5}).find("elements") !=
        std::string::npos);
}

TEST_CASE("What is not JSON says where it goes wrong", "[json_text]") {
  CHECK(message_of("", {}).find("empty") != std::string::npos);
  CHECK(message_of("[1, x]", {}).find("byte 5 of 6") != std::string::npos);
  CHECK(code_of([] { (void)read_json("1e999"); }) == errc::bad_value);
  CHECK(code_of([] { (void)read_json("\"\xFF\""); }) == errc::bad_value);
}

TEST_CASE("Reading may give nothing instead of an error", "[json_text]") {
  CHECK(troupe::try_read_json("{}") == json::object());
  CHECK(troupe::try_read_json("null") == json());
  CHECK_FALSE(troupe::try_read_json("{"));
  CHECK_FALSE(troupe::try_read_json("1e999"));
  CHECK_FALSE(troupe::try_read_json(nested(513)));
}

TEST_CASE("JSON that was made here is measured the same way", "[json_text]") {
  const json form = read_json("[[1], {\"a\": []}]");
  CHECK(troupe::is_within(form, {0, 3, 4}));
  CHECK_FALSE(troupe::is_within(form, {0, 2, 4}));
  CHECK_FALSE(troupe::is_within(form, {0, 3, 3}));
}

TEST_CASE("JSON that nests too deep is not written", "[json_text]") {
  json deep = json::array();
  for (int i = 0; i < 100'000; ++i) {
    json outer = json::array();
    outer.push_back(std::move(deep));
    deep = std::move(outer);
  }
  CHECK(code_of([&] { (void)troupe::write_json(deep); }) == errc::bad_value);
}

TEST_CASE("Text that is not UTF-8 is refused or replaced", "[json_text]") {
  const json form = "a\xFF";
  CHECK(code_of([&] { (void)troupe::write_json(form); }) == errc::bad_value);
  CHECK(troupe::write_json(form, troupe::bad_text::replaced) ==
        "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("The end of the first value of a text is found", "[json_text]") {
  using troupe::end_of_json;
  CHECK(end_of_json(R"({"a": "}"}{"b": 1})") == 10U);
  CHECK(end_of_json(R"( [1, "\"]"] words)") == 11U);
  CHECK(end_of_json("{}") == 2U);
  CHECK(end_of_json(nested(100'000) + "x") == 200'000U);
  for (const char* each : {"", " ", "1 2", "x {}", "{", "{\"a\": NaN}", "[1"}) {
    CAPTURE(each);
    CHECK_FALSE(end_of_json(each));
  }
}
