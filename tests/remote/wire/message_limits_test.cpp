#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "wire/messages.hpp"
#include "wire/peer_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::json;
namespace wire = troupe::remote::wire;

namespace {

constexpr wire::lease lease_of_one{troupe::detail::work_id{1}, 1};

}  // namespace

TEST_CASE("What has too much of something is no message", "[remote][wire]") {
  std::string text;
  const auto refuses = [&](const std::string& packet, const char* why) {
    const bool is_bad =
        code_of([&] { static_cast<void>(wire::decode(packet)); }, &text) ==
        errc::bad_value;
    CAPTURE(text);
    CHECK_THAT(text, Catch::Matchers::Contains(why));
    return is_bad;
  };
  const auto said = [](wire::message what) { return wire::encode(what); };
  namespace limits = troupe::remote::peer_limits;

  CHECK(
      refuses(said(wire::beat{std::vector<wire::lease>(limits::leases + 1), 0}),
              "leases in a beat"));
  CHECK(refuses(
      said(wire::events{lease_of_one,
                        std::vector<wire::bytes>(limits::events + 1), 0}),
      "events in one message"));
  std::string leaves;
  for (std::size_t i = 0; i <= limits::messages; ++i) {
    leaves += said(wire::leave{});
  }
  CHECK(refuses(leaves, "messages"));
  wire::hello hello;
  for (std::size_t i = 0; i <= limits::labels; ++i) {
    hello.labels.insert(std::to_string(i));
  }
  CHECK(refuses(said(hello), "labels"));
  hello.labels.clear();
  for (std::size_t i = 0; i <= limits::flows; ++i) {
    hello.flows.emplace(std::to_string(i), 1);
  }
  CHECK(refuses(said(hello), "flows"));
  hello.flows = {{"big", json(300'000, json::array())}};
  CHECK(refuses(said(hello), "bytes of memory"));
}

TEST_CASE("A name that is too long, or does not show, is no message",
          "[remote][wire]") {
  const auto bad =
      GENERATE(std::string(10'000'000, 'x'), std::string(257, 'x'),
               std::string{"a\nb"}, std::string{"\x1b]0;owned\x07"},
               std::string{"\xc2\x9b"
                           "2J"},
               std::string{"a\xe2\x80\xae"
                           "b"},
               std::string{"\xff"}, std::string{"a\0b", 3});
  const auto refuses = [](wire::message what) {
    std::string text;
    const auto code = code_of(
        [&] { static_cast<void>(wire::decode(wire::encode(what))); }, &text);
    CHECK(text.size() < 1000);
    return code == errc::bad_value &&
           text.find_first_of("\x1b\n\x07") == text.npos;
  };
  wire::hello hello;
  hello.name = bad;
  CHECK(refuses(hello));
  hello = {};
  hello.troupe = bad;
  CHECK(refuses(hello));
  hello = {};
  hello.labels = {bad};
  CHECK(refuses(hello));
  hello = {};
  hello.flows = {{bad, 1}};
  CHECK(refuses(hello));
  CHECK(refuses(wire::call{1, bad, "name", {}}));
  CHECK(refuses(wire::call{1, "service", bad, {}}));
  CHECK(refuses(wire::tune{bad, true}));
  CHECK(refuses(wire::news{bad, {}, 0}));
}

TEST_CASE("Numbers of another type or range are no message", "[remote][wire]") {
  const auto refuses = [](const json& form) {
    std::string packet;
    json::to_cbor(form, packet);
    return code_of([&] { static_cast<void>(wire::decode(packet)); }) ==
           errc::bad_value;
  };
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  const auto past = std::uint64_t{1} << 32;
  for (const json& number : {json(nan), json(1e300), json(-1), json(2.5),
                             json("1"), json(true), json(past)}) {
    CAPTURE(number);
    CHECK(refuses(json::array({1, json::array({1, number}), 0})));
    CHECK(refuses(json::array({2, 1, number, json::binary({})})));
  }
  // A lease without its epoch.
  CHECK(refuses(json::array({1, json::array({1}), 0})));
  CHECK(refuses(json::array({6, nan})));
}

TEST_CASE("What a result counts stays in range", "[remote][wire]") {
  troupe::detail::placed_result result;
  result.retries = std::numeric_limits<std::uint64_t>::max();
  CHECK(wire::decode_result(wire::encode(result)).retries == 1'000'000'000);
}
