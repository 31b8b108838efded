// Workers that take more than is theirs, by mistake or not.

#include "remote/members/cluster_room.hpp"
#include "remote/members/idle_worker.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/placed/placed_answer.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"

#include <troupe/remote/topic.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::json;
using troupe::remote::topic;
namespace wire = troupe::remote::wire;

namespace {

void check_answer(cluster_room& room, const troupe::run& run) {
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("given") == 42);
}

}  // namespace

TEST_CASE("A result that comes with the hello is for nobody", "[remote]") {
  cluster_room room{patient()};
  const auto run = room.system().start(placed_node());
  REQUIRE(soon([&] { return room.said().has("waits for a worker"); }));
  auto thief = std::make_unique<raw_peer>(room.listener().at());
  troupe::detail::placed_result forged;
  forged.output = 666;
  const auto body = std::make_shared<const wire::bytes>(wire::encode(forged));
  // One packet: the work is given to the thief within the same turn.
  std::string packet = wire::encode(wire::message{hello_for(placed_node())});
  for (std::uint64_t work = 0; work < 2000; ++work) {
    packet += wire::encode(
        wire::message{wire::done{{troupe::detail::work_id{work}, 1}, body}});
  }
  thief->say(packet);
  REQUIRE(thief->hear<wire::give>());
  thief.reset();
  REQUIRE(soon([&] { return room.listener().workers() == 0; }));
  const auto honest = room.join({placed_node()});
  check_answer(room, run);
  check_answer(room, room.system().start(placed_node()));
}

TEST_CASE("A worker cannot set the clock of its supervisor", "[remote]") {
  cluster_room room{patient()};
  raw_peer liar{room.listener().at()};
  liar.say(hello_for(placed_node()));
  const auto run = room.system().start(placed_node());
  const auto given = liar.hear<wire::give>();
  REQUIRE(given);
  using clock = std::numeric_limits<std::int64_t>;
  for (const auto as_of : {clock::min(), std::int64_t{-1}, clock::max()}) {
    liar.say(wire::beat{{}, as_of});
    REQUIRE(liar.hear<wire::pulse>());
  }
  troupe::detail::placed_result good;
  good.output = 42;
  liar.say(wire::done{given->which,
                      std::make_shared<const wire::bytes>(wire::encode(good))});
  check_answer(room, run);
}

TEST_CASE("A worker of all flows with all labels is refused", "[remote]") {
  cluster_room room{patient()};
  raw_peer peer{room.listener().at()};
  wire::hello said;
  for (int i = 0; i < 4000; ++i) {
    said.labels.insert(std::to_string(i));
    said.flows.emplace(std::to_string(i), json{});
  }
  peer.say(said);
  const auto refused = peer.hear<wire::dismiss>();
  REQUIRE(refused);
  CHECK_THAT(refused->why, Catch::Matchers::Contains("4000 labels"));
  CHECK(room.listener().workers() == 0);
}

TEST_CASE("News that makes no sense costs its readers nothing else",
          "[remote][topic]") {
  cluster_room room{patient()};
  const auto honest = join_idle(room);
  const topic there{honest->system(), "prices"};
  const auto heard = there.subscribe();
  raw_peer peer{room.listener().at()};
  wire::hello said;
  said.name = "raw";
  peer.say(said);
  REQUIRE(peer.hear<wire::welcome>());
  // Until the supervisor knows that somebody there hears it.
  REQUIRE(soon([&] {
    peer.say(wire::news{"prices", {0xff}, 0});
    return honest->said().has("invalid message of the topic");
  }));
  peer.say(wire::news{"prices", wire::encode_json(7), 0});
  const auto next = heard.wait_for(cluster_room::patience);
  REQUIRE(next);
  CHECK(next->get<int>() == 7);
  CHECK_FALSE(honest->said().has("lost"));
  CHECK(room.listener().workers() == 2);
}
