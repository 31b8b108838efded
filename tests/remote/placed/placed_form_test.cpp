// The forms that values may have on their way to workers and back.

#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/placed/placed_answer.hpp"
#include "support/catch.hpp"
#include "support/deep_json.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::state;
namespace wire = troupe::remote::wire;

namespace {

constexpr std::size_t too_deep = 200'000;

struct gives_deep_json {
  json exec() const { return deep_array(too_deep); }
  void post(state&, const json&) const {}
};

struct takes_deep_json {
  json prep(const state&) const { return deep_array(too_deep); }
  int exec(const json&) const { return 1; }
  void post(state&, const json&, int) const {}
};

struct gives_deep_list {
  std::map<std::string, std::vector<json>> exec() const {
    std::map<std::string, std::vector<json>> made;
    made["deep"].push_back(deep_array(too_deep));
    return made;
  }
  void post(state&, const std::map<std::string, std::vector<json>>&) const {}
};

template <class N>
void check_fails(N node) {
  cluster_room room;
  const auto worker = room.join({placed_node(std::move(node))});
  const auto ended = room.finish(room.system().start(placed_node(N{})));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::bad_value);
  CHECK_THAT(ended.failure->message(), Catch::Matchers::Contains("512 levels"));
  CHECK(room.listener().workers() == 1);
  CHECK_FALSE(room.said().has("invalid message"));
}

}  // namespace

TEST_CASE("JSON that is too deep fails its step, and nobody dies", "[remote]") {
  SECTION("as a result") { check_fails(gives_deep_json{}); }
  SECTION("as an input") { check_fails(takes_deep_json{}); }
  SECTION("within a result") { check_fails(gives_deep_list{}); }
}

TEST_CASE("A number that does not fit the type of a result fails its step",
          "[remote]") {
  cluster_room room{patient()};
  raw_peer liar{room.listener().at()};
  liar.say(hello_for(placed_node()));
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity(), -0x1p63, 1e300, 2.5}) {
    CAPTURE(number);
    const auto run = room.system().start(placed_node());
    const auto given = liar.hear<wire::give>();
    REQUIRE(given);
    troupe::detail::placed_result made;
    made.output = number;
    const auto body = wire::encode(made);
    liar.say(
        wire::done{given->which, std::make_shared<const wire::bytes>(body)});
    const auto ended = room.finish(run);
    REQUIRE_FALSE(ended.ok());
    CHECK(ended.failure->code() == errc::wrong_type);
  }
}
