// The powers of peers that are let in: they speak CAF, and say what they like.

#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/placed/placed_answer.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/sleep.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::state;
using troupe::remote::endpoint;
using troupe::remote::listener_options;
using troupe::remote::worker_options;
namespace wire = troupe::remote::wire;

namespace {

/// That of a worker which is given nothing.
wire::hello idle_hello() {
  wire::hello made;
  made.name = "raw";
  return made;
}

wire::shared_bytes body_of(const troupe::detail::placed_result& result) {
  return std::make_shared<const wire::bytes>(wire::encode(result));
}

/// For people.
std::string begin_of(const wire::shared_bytes& body) {
  return std::string(body->begin(), body->end()).substr(0, 40);
}

/// Packets that are none.
std::vector<std::string> nonsense() {
  return {
      "hello",
      "\xff",
      "\x81",
      // A list of 4 billion, a text of 16 exabytes, lists without end.
      "\x9a\xff\xff\xff\xff",
      "\x81\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
      "\x9f\x9f\x9f",
      deep_cbor(100'000),
      cbor(json::object()),
      cbor("text"),
      cbor(1),
      cbor(json::array()),
      cbor(json::array({99})),
      cbor(json::array({-1})),
      cbor(json::array({"hello"})),
      // A `hello`, a `beat`, a `done` and `events`, of other types or too
      // short.
      cbor(json::array({0})),
      cbor(json::array({0, wire::protocol, 5, 5, 5, 5, 5})),
      cbor(json::array(
          {0, wire::protocol, "a", "b", -1, json::array(), json::object()})),
      cbor(json::array(
          {0, wire::protocol, "\xff", "", 1, json::array(), json::object()})),
      cbor(json::array({1, "held"})),
      cbor(json::array({1, json::array({-1, 2.5})})),
      cbor(json::array({2, 1, -1, "body"})),
      cbor(json::array({2, 1, 1})),
      cbor(json::array({3, 1, 1, "all"})),
  };
}

/// That the listener goes on as if nothing had been.
void check_served(cluster_room& room) {
  const auto honest = room.join({placed_node()});
  const auto ended = room.finish(room.system().start(placed_node()));
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("given") == 42);
}

}  // namespace

TEST_CASE("A worker with another version of the protocol is refused",
          "[remote]") {
  cluster_room room{patient()};
  raw_peer old{room.listener().at()};
  // Anything may follow the version there.
  old.say(
      cbor(json::array({0, wire::protocol + 41, json::object(), "fields", 7})));
  const auto refused = old.hear<wire::dismiss>();
  REQUIRE(refused);
  CHECK(refused->is_final);
  const auto theirs = std::to_string(wire::protocol + 41);
  const auto ours = std::to_string(wire::protocol);
  CHECK(refused->why ==
        "it speaks version " + theirs +
            " of the protocol, but this supervisor speaks version " + ours);
  CHECK(room.said().has("refused the worker"));
  CHECK(room.said().has(refused->why));
  CHECK(room.listener().workers() == 0);
  check_served(room);
}

TEST_CASE("Who has not joined may say anything", "[remote]") {
  cluster_room room{patient()};
  raw_peer stranger{room.listener().at()};
  for (const auto& packet : nonsense()) stranger.say(packet);
  stranger.say_number(7);
  stranger.say(wire::done{{troupe::detail::work_id{1}, 1}, body_of("")});
  CHECK(stranger.hear<wire::dismiss>());
  check_served(room);
}

TEST_CASE("A worker that makes no sense is sent away", "[remote]") {
  cluster_room room{patient()};
  raw_peer peer{room.listener().at()};
  for (const auto& packet : nonsense()) {
    CAPTURE(packet.substr(0, 40));
    peer.say(idle_hello());
    REQUIRE(peer.hear<wire::welcome>());
    peer.say(packet);
    const auto sent_away = peer.hear<wire::dismiss>();
    REQUIRE(sent_away);
    CHECK_THAT(sent_away->why, Catch::Matchers::Contains("invalid message"));
    CHECK(room.listener().workers() == 0);
  }
  check_served(room);
}

TEST_CASE("A worker whose flow is not even text is refused", "[remote]") {
  cluster_room room{patient()};
  {
    // From now on the supervisor compares.
    const auto honest = room.join({placed_node()});
    REQUIRE(room.finish(room.system().start(placed_node())).ok());
  }
  REQUIRE(soon([&] { return room.listener().workers() == 0; }));
  raw_peer peer{room.listener().at()};
  auto hello = hello_for(placed_node());
  hello.flows.at("small")["flows"][0]["start"] = "\xff\xfe";
  peer.say(hello);
  // The next hello is answered, and the other was not taken.
  peer.say(idle_hello());
  CHECK(peer.hear<wire::welcome>());
  CHECK(room.listener().workers() == 1);
  check_served(room);
}

TEST_CASE("Messages of the other side mean nothing to a supervisor",
          "[remote]") {
  cluster_room room{patient()};
  raw_peer peer{room.listener().at()};
  peer.say(idle_hello());
  peer.say(wire::invite{});
  peer.say(wire::welcome{});
  peer.say(wire::dismiss{});
  peer.say(wire::give{{}, body_of(""), 0});
  peer.say(wire::snapshot{1, body_of("")});
  peer.say(wire::forget{});
  peer.say(wire::take_back{});
  peer.say(wire::got{});
  peer.say(wire::pulse{});
  peer.say(wire::status{});
  peer.say(wire::beat{});
  CHECK(peer.hear<wire::pulse>());
  CHECK(room.listener().workers() == 1);
  check_served(room);
}

TEST_CASE("What is said of the leases of others counts for nothing",
          "[remote]") {
  struct held {
    std::shared_ptr<std::atomic<bool>> may_end;
    std::shared_ptr<std::atomic<int>> begun;
    troupe::task<int> exec() const {
      ++*begun;
      while (!*may_end) co_await troupe::sleep_for(1ms);
      co_return 42;
    }
    void post(state& shared, int given) const { shared.set("given", given); }
  };
  const held node{std::make_shared<std::atomic<bool>>(false),
                  std::make_shared<std::atomic<int>>(0)};
  cluster_room room{patient()};
  const auto honest = room.join({placed_node(node)});
  const auto run = room.system().start(placed_node(node));
  REQUIRE(soon([&] { return *node.begun == 1; }));

  raw_peer thief{room.listener().at()};
  thief.say(idle_hello());
  troupe::detail::placed_result forged;
  forged.output = 666;
  for (std::uint64_t work = 0; work < 20; ++work) {
    for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
      const wire::lease which{troupe::detail::work_id{work}, epoch};
      thief.say(wire::events{which, {wire::encode_json("no event")}});
      thief.say(wire::done{which, body_of(forged)});
    }
  }
  thief.say(wire::beat{});
  REQUIRE(thief.hear<wire::pulse>());
  *node.may_end = true;
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("given") == 42);
  CHECK(*node.begun == 1);
}

TEST_CASE("A worker may say it can do nothing, or everything", "[remote]") {
  cluster_room room;
  raw_peer peer{room.listener().at()};
  SECTION("nothing") {
    peer.say(hello_for(placed_node(), 0));
    const auto refused = peer.hear<wire::dismiss>();
    REQUIRE(refused);
    CHECK_THAT(refused->why, Catch::Matchers::Contains("capacity is 0"));
    check_served(room);
  }
  SECTION("everything, and do nothing of it") {
    peer.say(hello_for(placed_node(), std::size_t{1} << 60));
    REQUIRE(peer.hear<wire::welcome>());
    const auto run = room.system().start(placed_node());
    REQUIRE(peer.hear<wire::give>());
    // It is heard of no more, and its work is for others.
    const auto honest = room.join({placed_node()});
    const auto ended = room.finish(run);
    REQUIRE(ended.ok());
    CHECK(ended.state.get<int>("given") == 42);
  }
}

TEST_CASE("A result that makes no sense fails its step and nothing else",
          "[remote]") {
  const auto result = [](json output) {
    troupe::detail::placed_result made;
    made.output = std::move(output);
    return body_of(made);
  };
  const auto failure = json::object({{"code", 9999}, {"message", "?"}});
  const std::vector<wire::shared_bytes> bodies{
      body_of(""),
      body_of("\xff"),
      body_of(deep_cbor(100'000)),
      body_of(cbor("text")),
      body_of(cbor(json::array({false}))),
      body_of(cbor(json::array({"no", {}, 1, "", json::object()}))),
      body_of(cbor(json::array({false, failure, 1, "", json::object()}))),
      body_of(cbor(json::array({false, nullptr, 1, "", "no delta"}))),
      result("no number"),
      result(json::array({1, 2})),
      result(nullptr)};
  cluster_room room{patient()};
  std::optional<raw_peer> liar{std::in_place, room.listener().at()};
  liar->say(hello_for(placed_node()));
  for (const auto& body : bodies) {
    CAPTURE(begin_of(body));
    const auto run = room.system().start(placed_node());
    const auto given = liar->hear<wire::give>();
    REQUIRE(given);
    liar->say(wire::done{given->which, body});
    const auto ended = room.finish(run);
    REQUIRE_FALSE(ended.ok());
    CHECK_FALSE(ended.failure->message().empty());
  }
  CHECK(room.listener().workers() == 1);
  liar.reset();
  REQUIRE(soon([&] { return room.listener().workers() == 0; }));
  check_served(room);
}

TEST_CASE("Events that are none part a worker from its work", "[remote]") {
  cluster_room room{patient()};
  raw_peer liar{room.listener().at()};
  liar.say(hello_for(placed_node()));
  const auto run = room.system().start(placed_node());
  const auto given = liar.hear<wire::give>();
  REQUIRE(given);
  const json event = GENERATE(
      json("text"), json::object(),
      json::object({{"kind", 99}, {"run", ""}, {"node", ""}, {"step", 1}}));
  liar.say(wire::events{given->which, {wire::encode_json(event)}});
  REQUIRE(liar.hear<wire::dismiss>());
  // Its result comes too late.
  troupe::detail::placed_result forged;
  forged.output = 666;
  liar.say(wire::done{given->which, body_of(forged)});
  const auto honest = room.join({placed_node()});
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("given") == 42);
}

TEST_CASE("A worker outlives whatever a supervisor says", "[remote]") {
  worker_options options;
  options.flows = {placed_node()};
  options.listen = endpoint{};
  options.silence_max = 60s;
  worker_room worker{std::move(options)};
  {
    raw_peer boss{*worker.worker().at()};
    const auto meet = [&] {
      boss.say(wire::invite{});
      REQUIRE(boss.hear<wire::hello>());
      boss.say(wire::welcome{-1});
    };
    auto packets = nonsense();
    // A `welcome`, a `dismiss` and a `give`.
    packets.push_back(cbor(json::array({6, "often"})));
    packets.push_back(cbor(json::array({7, 1, 1})));
    packets.push_back(cbor(json::array({8, 1, 1, "body", 0})));
    for (const auto& packet : packets) {
      CAPTURE(packet.substr(0, 40));
      meet();
      boss.say(packet);
    }
    // A snapshot that is none.
    meet();
    boss.say(wire::snapshot{1, body_of(deep_cbor(100'000))});
    meet();
    boss.say(wire::snapshot{1, body_of("\x01")});
    // Work that makes no sense is answered as such.
    meet();
    const std::vector<wire::shared_bytes> bodies{
        body_of(""),
        body_of("\xff"),
        body_of(deep_cbor(100'000)),
        body_of(cbor(json::array({"small"}))),
        body_of(cbor(
            json::array({"small", "only", "run", "path", 1, json::object(), 1,
                         1, nullptr, 99, 1, nullptr, 1, "item", nullptr}))),
        body_of(cbor(
            json::array({"other", "only", "run", "path", 1, json::object(), 1,
                         1, nullptr, 0, 1, nullptr, 1, nullptr, nullptr}))),
        body_of(
            cbor(json::array({"small", "", "run", "", 1, json::object(), 1, 1,
                              nullptr, 0, 1, nullptr, 1, nullptr, nullptr})))};
    std::uint64_t number = 0;
    for (const auto& body : bodies) {
      CAPTURE(begin_of(body));
      const wire::lease which{troupe::detail::work_id{++number}, 1};
      boss.say(wire::give{which, body, 77});
      const auto done = boss.hear<wire::done>();
      REQUIRE(done);
      CHECK(done->which == which);
      CHECK(wire::decode_result(*done->body).failure);
      boss.say(wire::got{which});
    }
  }
  listener_options calling;
  calling.call = {*worker.worker().at()};
  cluster_room room{calling};
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));
  CHECK(room.finish(room.system().start(placed_node())).ok());
}
