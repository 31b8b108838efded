#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/placed/placed_items.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/remote/status.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::remote::endpoint;
using troupe::remote::listener;
using troupe::remote::listener_options;
using troupe::remote::network;
using troupe::remote::worker_options;
namespace wire = troupe::remote::wire;

TEST_CASE("A worker that is drained finishes what it has and leaves",
          "[remote]") {
  struct held {
    std::shared_ptr<std::atomic<bool>> may_end;
    std::shared_ptr<std::atomic<int>> begun;
    troupe::task<> exec() const {
      ++*begun;
      while (!*may_end) co_await troupe::sleep_for(1ms);
    }
    void post(state& shared) const { shared.add("done", 1); }
  };
  const held node{std::make_shared<std::atomic<bool>>(false),
                  std::make_shared<std::atomic<int>>(0)};
  cluster_room room;
  const auto leaving = room.join({placed_items(8, node)}, 2);
  const auto run = room.system().start(placed_items(8, node));
  REQUIRE(soon([&] { return *node.begun == 2; }));
  leaving->worker().drain();
  REQUIRE(soon([&] { return room.said().has("leaves"); }));
  const auto staying = room.join({placed_items(8, node)}, 4);
  *node.may_end = true;
  CHECK(leaving->worker().wait_for(cluster_room::patience));
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("done") == 8);
  // None was begun twice: what it had is not given to another.
  CHECK(*node.begun == 8);
}

TEST_CASE("A worker that has nothing to do leaves at once", "[remote]") {
  cluster_room room;
  const auto worker = room.join({placed_items()});
  worker->worker().drain();
  CHECK(worker->worker().wait_for(cluster_room::patience));
  CHECK(soon([&] { return room.listener().workers() == 0; }));
}

TEST_CASE("A worker with another flow of the same name is refused",
          "[remote]") {
  struct other {
    std::string exec() const { return "text"; }
  };
  cluster_room room;
  const auto good = room.join({placed_items()});
  REQUIRE(room.finish(room.system().start(placed_items())).ok());

  SECTION("when it joins") {
    worker_options options;
    options.flows = {placed_items(4, other{})};
    options.join = room.listener().at();
    worker_room bad{std::move(options)};
    REQUIRE(soon([&] { return bad.said().has("another flow"); }));
    CHECK(room.said().has("refused the worker"));
    CHECK(room.said().has("/exec"));
    CHECK(room.listener().workers() == 1);
  }
  SECTION("when the supervisor first uses the flow") {
    cluster_room later;
    worker_options options;
    options.flows = {placed_items(4, other{})};
    const auto bad = later.join(std::move(options));
    const auto run = later.system().start(placed_items());
    REQUIRE(soon([&] { return bad->said().has("another flow"); }));
    const auto second = later.join({placed_items()});
    CHECK(later.finish(run).ok());
  }
}

TEST_CASE("The work of workers that are refused together is done by others",
          "[remote]") {
  struct held {
    std::shared_ptr<std::atomic<bool>> may_end;
    std::shared_ptr<std::atomic<int>> begun;
    troupe::task<> exec() const {
      ++*begun;
      while (!*may_end) co_await troupe::sleep_for(1ms);
    }
  };
  struct number {
    int exec() const { return 1; }
  };
  struct other {
    std::string exec() const { return "text"; }
  };
  const held node{std::make_shared<std::atomic<bool>>(false),
                  std::make_shared<std::atomic<int>>(0)};
  const auto second_flow = [](auto it) {
    troupe::node_options options;
    options.on = "gpu";
    troupe::flow_builder flow{"second"};
    flow.add("it", std::move(it), std::move(options));
    return flow.build();
  };
  cluster_room room;
  const auto one = room.join({placed_items(4, node), second_flow(other{})});
  const auto two = room.join({placed_items(4, node), second_flow(other{})});
  const auto run = room.system().start(placed_items(4, node));
  REQUIRE(soon([&] { return *node.begun == 4; }));
  const auto second = room.system().start(second_flow(number{}));
  REQUIRE(soon([&] {
    return one->said().has("another flow") && two->said().has("another flow");
  }));
  *node.may_end = true;
  const auto good = room.join({placed_items(4, node), second_flow(number{})});
  CHECK(room.finish(second).ok());
  CHECK(room.finish(run).ok());
}

TEST_CASE("A supervisor that comes back at its address gets its workers back",
          "[remote]") {
  auto room = std::make_unique<cluster_room>();
  const auto worker = room->join({placed_items()});
  const auto at = room->listener().at();
  room.reset();
  REQUIRE(soon([&] { return worker->said().has("keeps trying"); }));
  listener_options options;
  options.at = at;
  cluster_room again{options};
  REQUIRE(again.listener().wait_for_workers(1, cluster_room::patience));
  CHECK(again.finish(again.system().start(placed_items())).ok());
}

TEST_CASE("A supervisor in no hurry keeps its workers", "[remote]") {
  worker_options options;
  options.flows = {placed_items()};
  options.listen = troupe::remote::endpoint{};
  options.silence_max = 8s;
  worker_room worker{std::move(options)};
  raw_peer boss{*worker.worker().at()};
  boss.say(wire::invite{});
  REQUIRE(boss.hear<wire::hello>());
  // It is in no hurry, and says nothing but pulses: so beats must come in the
  // time of the worker, before which this peer does not lose patience.
  boss.say(wire::welcome{60'000});
  REQUIRE(boss.hear<wire::beat>());
  boss.say(wire::pulse{});
  CHECK(boss.hear<wire::beat>());
}

TEST_CASE("The work of a lost worker is soon done by another", "[remote]") {
  struct held_at_first {
    std::shared_ptr<std::atomic<int>> begun;
    troupe::task<> exec() const {
      if (++*begun == 1) co_await troupe::sleep_for(1h);
    }
  };
  const held_at_first node{std::make_shared<std::atomic<int>>(0)};
  // It looks for those that are silent less often than this test may take.
  listener_options patient;
  patient.silence_max = 10min;
  cluster_room room{patient};
  const auto lost = room.join({placed_items(1, node)});
  const auto run = room.system().start(placed_items(1, node));
  REQUIRE(soon([&] { return *node.begun == 1; }));
  const auto other = room.join({placed_items(1, node)});
  lost->end();
  CHECK(room.finish(run).ok());
  CHECK(*node.begun == 2);
}

TEST_CASE("A worker may listen and be called by its supervisor", "[remote]") {
  worker_options options;
  options.flows = {placed_items()};
  options.listen = endpoint{};
  worker_room worker{std::move(options)};
  listener_options calling;
  calling.call = {*worker.worker().at()};
  cluster_room room{calling};
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));
  CHECK(room.finish(room.system().start(placed_items())).ok());
}

TEST_CASE("Work that is left when a listener ends is answered", "[remote]") {
  cluster_room room;
  const auto run = room.system().start(placed_items());
  REQUIRE(soon([&] { return room.said().has("waits for a worker"); }));
  room.stop_listening();
  const auto ended = room.finish(run);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::shut_down);
}

TEST_CASE("Work that others hold when a listener ends did not die with them",
          "[remote]") {
  struct waits {
    troupe::task<> exec() const { co_await troupe::sleep_for(1h); }
  };
  listener_options options;
  options.deaths_max = 1;
  cluster_room room{options};
  const auto one = room.join({placed_items(4, waits{})}, 2);
  const auto two = room.join({placed_items(4, waits{})}, 2);
  const auto run = room.system().start(placed_items(4, waits{}));
  REQUIRE(soon([&] { return room.listener().status().at("leased") == 4; }));
  room.stop_listening();
  const auto ended = room.finish(run);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::shut_down);
}

TEST_CASE("The status of a cluster can be asked for from outside", "[remote]") {
  cluster_room room;
  worker_options options;
  options.flows = {placed_items()};
  options.name = "first";
  options.capacity = 3;
  const auto worker = room.join(std::move(options));
  REQUIRE(room.finish(room.system().start(placed_items())).ok());
  troupe::system outside{{.prepare = network()}};
  const auto report = troupe::remote::status_of(outside, room.listener().at());
  REQUIRE(report.at("workers").size() == 1);
  const auto& first = report.at("workers").at(0);
  CHECK(first.at("name") == "first");
  CHECK(first.at("capacity") == 3);
  CHECK(first.at("held") == 0);
  CHECK(first.at("done") == 4);
  CHECK(first.at("labels") == troupe::json::array({"gpu"}));
  CHECK(report.at("waiting") == 0);
  CHECK(report.at("leased") == 0);
}

TEST_CASE("The status of a supervisor that is not there is an error",
          "[remote]") {
  troupe::system outside{{.prepare = network()}};
  endpoint nowhere;
  nowhere.port = 1;
  CHECK(code_of([&] {
          static_cast<void>(troupe::remote::status_of(outside, nowhere));
        }) == errc::request_failed);
}

TEST_CASE("Without TLS only this machine is listened to", "[remote]") {
  troupe::system system{{.prepare = network()}};
  for (const auto* host : {"0.0.0.0", "::", "192.168.1.1", "127.example.org"}) {
    listener_options options;
    options.at.host = host;
    try {
      const listener refused{system, options};
      FAIL("listens on " << host);
    } catch (const troupe::error& why) {
      CHECK(why.code() == errc::bad_flow);
      CHECK_THAT(why.message(), Catch::Matchers::Contains("needs TLS"));
    }
  }
}

TEST_CASE("Without TLS no other machine is spoken to", "[remote]") {
  troupe::system system{{.prepare = network()}};
  const endpoint away{"192.0.2.1", 4242};
  std::string text;
  CHECK(code_of(
            [&] {
              listener_options options;
              options.call = {away};
              const listener refused{system, options};
            },
            &text) == errc::bad_flow);
  CHECK_THAT(text, Catch::Matchers::Contains("192.0.2.1:4242"));
  for (const bool joins : {true, false}) {
    worker_options options;
    options.flows = {placed_items()};
    (joins ? options.join : options.listen) = away;
    CHECK(code_of([&] {
            const troupe::remote::worker refused{system, options};
          }) == errc::bad_flow);
  }
  CHECK(code_of([&] {
          static_cast<void>(troupe::remote::status_of(system, away));
        }) == errc::bad_flow);
}

TEST_CASE("Options of listeners and workers that make no sense are refused",
          "[remote]") {
  troupe::system system{{.prepare = network()}};
  const auto listen = [&](listener_options options) {
    return code_of([&] { const listener refused{system, options}; });
  };
  CHECK(listen({.silence_max = 100ms}) == errc::bad_flow);
  CHECK(listen({.twice_after = 0s}) == errc::bad_flow);
  CHECK(listen({.deaths_max = 0}) == errc::bad_flow);
  CHECK(listen({.work_max = 0}) == errc::bad_flow);
  const auto serve = [&](worker_options options) {
    return code_of([&] {
      const troupe::remote::worker refused{system, std::move(options)};
    });
  };
  CHECK(serve({.flows = {placed_items()}}) == errc::bad_flow);
  CHECK(serve({.flows = {placed_items()}, .capacity = 0, .join = endpoint{}}) ==
        errc::bad_flow);
  CHECK(serve({.flows = {one_node(echo{})}, .join = endpoint{}}) ==
        errc::bad_flow);

  troupe::system unprepared;
  CHECK(code_of([&] { const listener refused{unprepared}; }) == errc::bad_flow);
}

TEST_CASE("A system has one listener at a time", "[remote]") {
  cluster_room room;
  CHECK(code_of([&] { const listener second{room.system()}; }) ==
        errc::bad_flow);
}

TEST_CASE("A system is one worker, or a supervisor", "[remote]") {
  const auto serve_in = [](troupe::system& where) {
    worker_options options;
    options.flows = {placed_items()};
    options.join = endpoint{};
    return code_of([&] {
      const troupe::remote::worker second{where, std::move(options)};
    });
  };
  cluster_room room;
  CHECK(serve_in(room.system()) == errc::bad_flow);
  const auto worker = room.join({placed_items()});
  CHECK(serve_in(worker->system()) == errc::bad_flow);
  CHECK(code_of([&] { const listener also{worker->system()}; }) ==
        errc::bad_flow);
  worker->end();
  const listener now{worker->system()};
  CHECK(now.workers() == 0);
}

TEST_CASE("An endpoint is read from text", "[remote]") {
  const auto v4 = endpoint::from("127.0.0.1:4242");
  CHECK(v4.host == "127.0.0.1");
  CHECK(v4.port == 4242);
  const auto v6 = endpoint::from("[::1]:1");
  CHECK(v6.host == "::1");
  CHECK(v6.text() == "[::1]:1");
  CHECK(endpoint::from("[fe80::1%eth0]:1").host == "fe80::1%eth0");
  CHECK(endpoint::from("a-b_c.example.org.:1").host == "a-b_c.example.org.");
  std::string hint;
  static_cast<void>(
      code_of([&] { static_cast<void>(endpoint::from("::1")); }, &hint));
  CHECK(hint.find("[::1]:4242") != std::string::npos);
  for (const auto* text :
       {"",           "host",       "host:",    ":1",           "host:99999",
        "host:1x",    "host:-1",    "host:+1",  "host: 1",      "[::1:1",
        "::1]:1",     "[]:1",       "[host]:1", "[::1]]:1",     "[[::1]:1",
        "[::1%]:1",   "::1",        "::1:1",    "fe80::1%eth0", " host:1",
        "host :1",    "http://h:1", "h/p:1",    "a@h:1",        "h\n:1",
        "h\x1b[0m:1", "-h:1",       ".h:1"}) {
    CAPTURE(text);
    CHECK(code_of([&] { static_cast<void>(endpoint::from(text)); }) ==
          errc::bad_value);
  }
}
