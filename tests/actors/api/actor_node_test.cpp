#include "support/actors/both_ways.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/peer.hpp"

#include <troupe/actor_node.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::actor_node;
using troupe::errc;
using troupe::node_actor_handle;
using troupe::state;
using troupe::step_reply;
using troupe::step_request;
using troupe::testing::simulation;

namespace {

/// A typed actor with this handler for steps.
template <class F>
node_actor_handle spawn_node(caf::actor_system& at, F handler) {
  return at.template spawn<caf::lazy_init>(
      [](const F& own) { return node_actor_handle::behavior_type{own}; },
      std::move(handler));
}
template <class F>
node_actor_handle spawn_node(simulation& sim, F handler) {
  return spawn_node(sim.system().actors(), handler);
}

/// One that ends in its first step, without a reply.
node_actor_handle spawn_mortal(caf::actor_system& at) {
  const auto mortal = [](node_actor_handle::pointer self,
                         caf::exit_reason why) {
    return node_actor_handle::behavior_type{[self, why](const step_request&) {
      self->quit(why);
      return self->make_response_promise<step_reply>();
    }};
  };
  return at.spawn<caf::lazy_init>(mortal, caf::exit_reason::user_shutdown);
}

/// Fails its first attempts, counted by the actor.
auto fails_first(int times, step_reply how) {
  return [times, how](const step_request& request) mutable -> step_reply {
    if (times-- > 0) return how;
    auto shared = request.writable();
    shared["attempt"] = request.attempt;
    return step_reply{shared};
  };
}

}  // namespace

TEST_CASE("An actor stands for a node", "[actor_node]") {
  simulation sim{{.turns = both_ways()}};
  const auto reviewer = spawn_node(sim, [](const step_request& request) {
    auto shared = request.writable();
    shared.add("sum", shared.get<int>("by"));
    shared.append("log", request.run + " " + request.node + " " + request.key);
    return step_reply{shared, shared.get<int>("sum") < 3 ? "again" : "enough"};
  });
  troupe::flow_builder builder{"counts"};
  const auto counted = builder.add("count", actor_node{reviewer});
  (counted - "again") >> counted;
  (counted - "enough") >>
      builder.add("end", [](state& shared) { shared["ended"] = true; });
  const auto run = sim.start(builder.build(), {{"by", 1}});
  const auto result = sim.finish(run);
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("sum") == 3);
  CHECK(result.state.get<bool>("ended"));
  const auto log = result.state.get<std::vector<std::string>>("log");
  REQUIRE(log.size() == 3);
  CHECK(log[1] == run.id() + " count " + run.id() + "#1");
}

TEST_CASE("An actor with a larger interface or none stands for a node",
          "[actor_node]") {
  const auto answer = [](const step_request&) {
    return step_reply{troupe::action{"done"}};
  };
  using larger =
      caf::typed_actor<troupe::detail::answers<int, std::string>,
                       troupe::detail::answers<step_reply, step_request>>;
  simulation sim;
  const auto both = [answer](int number) {
    return larger::behavior_type{
        [number](const std::string&) { return number; }, answer};
  };
  const larger typed = sim.system().actors().spawn<caf::lazy_init>(both, 1);
  const caf::actor untyped = spawn_actor(sim, answer);
  CHECK(sim.finish(sim.start(one_node(actor_node{typed}))).action == "done");
  CHECK(sim.finish(sim.start(one_node(actor_node{untyped}))).action == "done");
}

TEST_CASE("Sub-flows that share an actor keep their own state",
          "[actor_node]") {
  const auto how = both_ways();
  const auto width = GENERATE(1U, 2U, 3U, 8U);
  simulation sim{{.turns = how}};
  const auto doubles = spawn_node(sim, [](const step_request& request) {
    auto shared = request.writable();
    const int i = request.params.at("i").get<int>();
    shared["double"][std::to_string(i)] = 2 * i;
    shared.add("sum", 2 * i);
    return step_reply{shared};
  });
  const auto all = troupe::batch("all", one_node(actor_node{doubles}),
                                 numbered(100), {.concurrency = width});
  const auto result = sim.finish(sim.start(all));
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("sum") == 9900);
  CHECK(result.state.get<int>("/double/42") == 84);
}

TEST_CASE("What an actor replied as an error is tried again", "[actor_node]") {
  simulation sim{{.turns = both_ways()}};
  const auto busy = spawn_node(
      sim, fails_first(2, step_reply{troupe::error{errc::overloaded, "busy"}}));
  const auto result = sim.finish(sim.start(
      one_node(actor_node{busy}, {.retry = {.attempts = 3, .wait = 1s}})));
  REQUIRE(result.ok());
  CHECK(result.state.get<int>("attempt") == 2);
}

TEST_CASE("An error of CAF's is tried again", "[actor_node]") {
  simulation sim;
  const auto shy = spawn_node(
      sim, [](const step_request& request) -> caf::result<step_reply> {
        if (request.attempt == 0) {
          return caf::make_error(caf::sec::runtime_error);
        }
        return step_reply{troupe::action{"told"}};
      });
  const auto flow = one_node(actor_node{shy}, {.retry = {.attempts = 2}});
  CHECK(sim.finish(sim.start(flow)).action == "told");
  const auto failure =
      sim.finish(sim.start(one_node(actor_node{shy}))).failure.value();
  CHECK(failure.code() == errc::request_failed);
  CHECK(failure.node() == "only");
}

TEST_CASE("A permanent error ends the attempts", "[actor_node]") {
  simulation sim;
  const auto never = spawn_node(
      sim, fails_first(9, step_reply{troupe::permanent_error{"not here"}}));
  const auto failure =
      sim.finish(
             sim.start(one_node(actor_node{never}, {.retry = {.attempts = 9}})))
          .failure.value();
  CHECK(failure.message() == "not here");
  CHECK(failure.attempt() == 0U);
}

TEST_CASE("A node derived from it has a fallback", "[actor_node]") {
  struct with_fallback : actor_node {
    using actor_node::actor_node;
    step_reply fallback(const troupe::error& why) const {
      return step_reply{troupe::action{why.message()}};
    }
  };
  simulation sim{{.turns = both_ways()}};
  const auto never = spawn_node(
      sim, fails_first(9, step_reply{troupe::error{errc::overloaded, "busy"}}));
  const auto flow = one_node(with_fallback{never}, {.retry = {.attempts = 2}});
  CHECK(sim.finish(sim.start(flow)).action == "busy");
}

TEST_CASE("A dead actor is not asked again", "[actor_node]") {
  simulation sim{{.turns = both_ways()}};
  const auto mortal = spawn_mortal(sim.system().actors());
  const auto began = sim.now();
  const auto failure =
      sim.finish(sim.start(one_node(actor_node{mortal},
                                    {.retry = {.attempts = 5, .wait = 1s}})))
          .failure.value();
  CHECK(failure.code() == errc::actor_died);
  CHECK(failure.attempt() == 0U);
  CHECK(sim.now() == began);
}

TEST_CASE("The next attempt asks the actor that was found then",
          "[actor_node]") {
  simulation sim{{.turns = both_ways()}};
  auto& host = sim.system().actors();
  int births = 0;
  const auto find = [&host, &births] {
    if (++births == 1) return spawn_mortal(host);
    return spawn_node(host, [](const step_request&) {
      return step_reply{troupe::action{"lived"}};
    });
  };
  const auto flow = one_node(actor_node{actor_node::finder{find}},
                             {.retry = {.attempts = 2}});
  CHECK(sim.finish(sim.start(flow)).action == "lived");
  CHECK(births == 2);
}

TEST_CASE("An actor is told when nobody waits for its reply", "[actor_node]") {
  simulation sim{{.turns = both_ways()}};
  const auto stops = std::make_shared<std::vector<std::stop_token>>();
  // It takes the step, and never replies.
  const auto silent = spawn_actor(sim, [stops](const step_request& request) {
    stops->push_back(request.stop);
    return caf::delegated<step_reply>{};
  });
  const auto run = sim.start(
      one_node(actor_node{silent}, {.retry = {.attempts = 2}, .timeout = 5s}));
  sim.run_ready();
  REQUIRE(stops->size() == 1);
  CHECK_FALSE(stops->at(0).stop_requested());
  sim.advance(5s);
  CHECK(stops->at(0).stop_requested());
  REQUIRE(stops->size() == 2);
  CHECK_FALSE(stops->at(1).stop_requested());
  run.cancel();
  CHECK(sim.finish(run).failure.value().code() == errc::cancelled);
  CHECK(stops->at(1).stop_requested());
}

TEST_CASE("Without a time limit of its own an attempt has one anyway",
          "[actor_node]") {
  simulation sim;
  const auto silent = spawn_actor(
      sim, [](const step_request&) { return caf::delegated<step_reply>{}; });
  const auto began = sim.now();
  const auto failure =
      sim.finish(sim.start(one_node(actor_node{silent}))).failure.value();
  CHECK(failure.code() == errc::timed_out);
  CHECK(sim.now() - began == actor_node::time_limit_default);
}

TEST_CASE("An actor that does not follow the protocol fails the attempt",
          "[actor_node]") {
  simulation sim;
  const auto wrong = spawn_actor(sim, [](const step_request&) { return 1; });
  const auto deaf = spawn_actor(sim, [](int) { return 1; });
  CHECK(sim.finish(sim.start(one_node(actor_node{wrong})))
            .failure.value()
            .code() == errc::wrong_type);
  CHECK(sim.finish(sim.start(one_node(actor_node{deaf})))
            .failure.value()
            .code() == errc::request_failed);
}

TEST_CASE("A reply has a form to be stored in", "[actor_node]") {
  state shared{{"n", 1}};
  shared.record();
  shared["n"] = 2;
  const step_reply reply{shared, "next"};
  const auto read = troupe::json(reply).get<step_reply>();
  CHECK(read.action == "next");
  CHECK(read.writes == reply.writes);
}
