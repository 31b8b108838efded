#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_peer.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <variant>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::remote::listener_options;
namespace wire = troupe::remote::wire;

TEST_CASE("A worker that was called is asked until it joins", "[remote]") {
  raw_peer called;
  listener_options calling;
  calling.call = {called.at()};
  const cluster_room room{calling};
  REQUIRE(called.hear<wire::invite>());
  CHECK(called.hear<wire::invite>());
}

TEST_CASE("A worker that was called and given up is asked again", "[remote]") {
  raw_peer called;
  listener_options calling;
  calling.call = {called.at()};
  calling.silence_max = 500ms;
  cluster_room room{calling};
  REQUIRE(called.hear<wire::invite>());
  called.say(wire::hello{});
  REQUIRE(called.hear<wire::welcome>());
  REQUIRE(called.hear<wire::dismiss>());
  REQUIRE(called.hear<wire::invite>());
  called.say(wire::hello{});
  CHECK(called.hear<wire::welcome>());
}

TEST_CASE("A worker that joins again is not sent away first", "[remote]") {
  listener_options patient;
  patient.silence_max = 60s;
  cluster_room room{patient};
  raw_peer peer{room.listener().at()};
  for (int i = 0; i < 2; ++i) {
    peer.say(wire::hello{});
    const auto answer = peer.hear_any();
    REQUIRE(answer);
    CHECK(std::holds_alternative<wire::welcome>(*answer));
  }
  CHECK(room.listener().workers() == 1);
}
