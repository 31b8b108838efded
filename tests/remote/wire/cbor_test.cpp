#include "wire/cbor.hpp"

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/deep_json.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::value;
using troupe::remote::wire::bytes;
using troupe::remote::wire::cbor_reader;
using troupe::remote::wire::cbor_writer;
using troupe::remote::wire::depth_max;

namespace {

template <class T>
std::string written(const T& what) {
  cbor_writer<std::string> to;
  to.add(what);
  return to.take();
}

template <class T>
T there_and_back(const T& what) {
  const auto text = written(what);
  cbor_reader from{text};
  return from.next<T>();
}

json any_json() {
  return {{"text", "h\xc3\xa9"},
          {"numbers", {0, 23, 24, 255, 256, 65'536, -1, -24, -25, -70'000}},
          {"wide",
           {std::numeric_limits<std::uint64_t>::max(),
            std::numeric_limits<std::int64_t>::min(), 4'294'967'296}},
          {"reals", {0.5, -1e300}},
          {"rest", {true, false, nullptr, json::object(), json::array()}}};
}

}  // namespace

TEST_CASE("CBOR holds every kind of JSON", "[remote][cbor]") {
  CHECK(there_and_back(any_json()) == any_json());
  const auto body = json::binary(bytes{0, 255});
  CHECK(there_and_back(body) == body);
}

TEST_CASE("CBOR is what other libraries read and write", "[remote][cbor]") {
  CHECK(json::from_cbor(written(any_json())) == any_json());
  const auto theirs = json::to_cbor(any_json());
  cbor_reader from{theirs};
  CHECK(from.next<json>() == any_json());
}

TEST_CASE("CBOR of a value is that of its JSON", "[remote][cbor]") {
  CHECK(written(value{any_json()}) == written(any_json()));
}

TEST_CASE("CBOR holds what messages are made of", "[remote][cbor]") {
  CHECK(there_and_back(std::string(70'000, 'x')).size() == 70'000);
  CHECK(there_and_back(bytes(300, 7)) == bytes(300, 7));
  CHECK(there_and_back(-5) == -5);
  const std::set<std::string> names{"a", "b"};
  CHECK(there_and_back(names) == names);
  const std::map<std::string, json> forms{{"a", 1}, {"b", {}}};
  CHECK(there_and_back(forms) == forms);
  const std::vector<std::uint64_t> numbers{1, 1'000'000};
  CHECK(there_and_back(numbers) == numbers);
}

TEST_CASE("CBOR that ends too early is refused", "[remote][cbor]") {
  const auto whole = written(any_json());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    cbor_reader from{std::string_view{whole}.substr(0, size)};
    CHECK(code_of([&] { from.skip(); }) == errc::bad_value);
  }
}

TEST_CASE("CBOR of another kind than expected is refused", "[remote][cbor]") {
  const auto refuses = [](const std::string& text, auto read) {
    cbor_reader from{text};
    return code_of([&] { read(from); }) == errc::bad_value;
  };
  CHECK(refuses(written(1), [](auto& from) { (void)from.list(); }));
  CHECK(refuses(written(1),
                [](auto& from) { (void)from.template next<std::string>(); }));
  CHECK(refuses(written(-1),
                [](auto& from) { (void)from.template next<std::uint64_t>(); }));
  CHECK(refuses(written(256),
                [](auto& from) { (void)from.template next<std::uint8_t>(); }));
  CHECK(refuses(written(std::string{"true"}),
                [](auto& from) { (void)from.template next<bool>(); }));
}

TEST_CASE("CBOR with a length beyond its end takes no memory for it",
          "[remote][cbor]") {
  for (const char kind : {'\x5b', '\x7b', '\x9b', '\xbb'}) {
    std::string text{kind};
    text += std::string(7, '\x7f') + "xy";
    cbor_reader from{text};
    CHECK(code_of([&] { from.skip(); }) == errc::bad_value);
  }
}

TEST_CASE("CBOR that is too deep is refused", "[remote][cbor]") {
  const std::string text(10'000'000, '\x81');
  cbor_reader from{text};
  CHECK(code_of([&] { from.skip(); }) == errc::bad_value);
  const auto deepest = deep_array(depth_max);
  CHECK(there_and_back(deepest) == deepest);
}

TEST_CASE("JSON that is too deep for the other side is not written",
          "[remote][cbor]") {
  for (const std::size_t depth : {depth_max + 1, std::size_t{200'000}}) {
    CAPTURE(depth);
    const auto form = deep_array(depth);
    try {
      static_cast<void>(written(form));
      FAIL("it was written");
    } catch (const troupe::error& why) {
      CHECK(why.code() == errc::bad_value);
      CHECK(why.is_permanent());
    }
  }
}

TEST_CASE("CBOR that would take too much memory is refused before it is made",
          "[remote][cbor]") {
  constexpr std::size_t many = 50'000'000;
  const std::string head{"\x9a\x02\xfa\xf0\x80", 5};
  // Empty lists, objects and texts, and numbers.
  for (const char element : {'\x80', '\xa0', '\x60', '\x01'}) {
    const auto text = head + std::string(many, element);
    cbor_reader from{text};
    std::string why;
    CHECK(code_of([&] { (void)from.next<json>(); }, &why) == errc::bad_value);
    CHECK_THAT(why, Catch::Matchers::Contains("memory"));
  }
  const auto text = head + std::string(many, '\x40');
  cbor_reader lists{text};
  CHECK(code_of([&] { (void)lists.next<std::vector<bytes>>(); }) ==
        errc::bad_value);
}

TEST_CASE("All that one reader makes counts together", "[remote][cbor]") {
  std::string one{"\x9a\x00\x0f\x42\x40", 5};
  one += std::string(1'000'000, '\x80');
  const auto four = one + one + one + one;
  cbor_reader from{four};
  static_cast<void>(from.next<json>());
  // Skipped content takes none.
  CHECK(from.skip() > 50'000'000);
  static_cast<void>(from.next<json>());
  CHECK(code_of([&] { (void)from.next<json>(); }) == errc::bad_value);
}

TEST_CASE("CBOR with more elements or longer text than expected is refused",
          "[remote][cbor]") {
  const auto list = written(std::vector<std::uint64_t>(11));
  CHECK(cbor_reader{list}.list_within(11, "things") == 11);
  std::string why;
  CHECK(code_of([&] { (void)cbor_reader{list}.list_within(10, "things"); },
                &why) == errc::bad_value);
  CHECK(why == "it has 11 things, more than 10");
  const auto text = written(std::string(11, 'x'));
  CHECK(cbor_reader{text}.text_within(11, "the name").size() == 11);
  CHECK(code_of([&] { (void)cbor_reader{text}.text_within(10, "the name"); },
                &why) == errc::bad_value);
  CHECK(why == "the name has 11 bytes, more than 10");
}

TEST_CASE("Random bytes are CBOR or are refused", "[remote][cbor]") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::minstd_rand random{seed};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int left = 24; left > 0; --left) {
      text += static_cast<char>(random() >> 8 & 0xff);
    }
    try {
      cbor_reader{text}.skip();
    } catch (const troupe::error& why) {
      REQUIRE(why.code() == errc::bad_value);
    }
  }
}
