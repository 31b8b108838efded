#include "core/fiber_actor.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/members/idle_worker.hpp"
#include "remote/sharing/counter.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/remote/keyed_actors.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::state;
using troupe::task;
using troupe::remote::keyed_actors;
using troupe::testing::simulation;

namespace {

/// Adds up what it is told, slowly enough that two at a time would show.
struct account {
  std::string key;
  counter inside = new_counter();
  counter most = new_counter();
  int sum = 0;

  task<json> receive(json message) {
    const int now = ++*inside;
    if (now > *most) *most = now;
    const int before = sum;
    if (message.contains("wait")) {
      co_await troupe::sleep_for(
          std::chrono::milliseconds{message["wait"].get<int>()});
    }
    sum = before + message["add"].get<int>();
    --*inside;
    json reply = json::object();
    reply["key"] = key;
    reply["sum"] = sum;
    co_return reply;
  }
};

/// Awaitable: the end of the actor that runs the coroutine.
class death final : private troupe::detail::waiter {
 public:
  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    enlist(host, self);
    caf::anon_send_exit(
        dynamic_cast<troupe::detail::fiber_actor&>(host).handle(),
        caf::exit_reason::kill);
  }
  void await_resume() const noexcept {}
};

/// Can be killed, and tells how many keys have an actor when it ends.
class frail final : public troupe::remote::keyed_actor {
 public:
  frail() = default;
  frail(counter sum, std::function<int()> keys)
      : sum_(std::move(sum)), keys_(std::move(keys)) {}
  ~frail() override {
    if (sum_) *sum_ += keys_();
  }

  task<json> receive(json message) override {
    // Messages that come meanwhile wait in the actor.
    co_await troupe::sleep_for(1ns);
    if (message == "die") {
      death end;
      co_await end;
    }
    co_return message;
  }

 private:
  counter sum_;
  std::function<int()> keys_;
};

keyed_actors accounts(troupe::system& where, counter made = new_counter(),
                      troupe::remote::keyed_options options = {}) {
  return {where, "account",
          [made](const std::string& key) {
            ++*made;
            return account{key};
          },
          options};
}

/// Asks once, and keeps the reply.
struct asks {
  keyed_actors whom;
  std::string key;
  json message = json::object();
  troupe::duration limit = 10s;
  bool keeps_reply = true;

  task<json> exec() const { return whom.ask(key, message, limit); }
  void post(state& shared, const json& reply) const {
    if (keeps_reply) shared["reply"] = troupe::value{reply};
  }
};

std::string failure_of(const troupe::outcome& ended) {
  return ended.ok() ? "" : ended.failure->describe();
}

json add(int amount, int wait_ms = 0) {
  json made = json::object();
  made["add"] = amount;
  if (wait_ms > 0) made["wait"] = wait_ms;
  return made;
}

/// Several that ask at once, and keep no reply.
troupe::flow many(asks node, int count) {
  node.keeps_reply = false;
  return troupe::batch("all", one_node(std::move(node)), numbered(count),
                       {.concurrency = troupe::concurrency_max});
}

}  // namespace

TEST_CASE("An actor is made for the first message of its key, and remembers",
          "[keyed]") {
  simulation sim;
  const auto made = new_counter();
  const auto all = accounts(sim.system(), made);
  const auto ask = [&](const std::string& key, int amount) {
    const auto ended =
        sim.finish(sim.start(one_node(asks{all, key, add(amount)})));
    return ended.state.at("reply").at("sum").get<int>();
  };
  CHECK(*made == 0);
  CHECK(ask("ann", 1) == 1);
  CHECK(ask("bob", 10) == 10);
  CHECK(ask("ann", 2) == 3);
  CHECK(*made == 2);
  CHECK(all.size() == 2);
}

TEST_CASE("Workers and their supervisor speak to the same actors",
          "[remote][keyed]") {
  cluster_room room;
  const auto made = new_counter();
  const auto here = accounts(room.system(), made);
  std::vector<std::unique_ptr<worker_room>> workers;
  std::vector<troupe::run> runs;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(join_idle(room));
    auto& own = workers.back()->system();
    const asks node{keyed_actors{own, "account"}, "ann", add(1)};
    runs.push_back(own.start(many(node, 20)));
  }
  for (const auto& each : runs) REQUIRE(room.finish(each).ok());
  const auto ended =
      room.finish(room.system().start(one_node(asks{here, "ann", add(0)})));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("reply").at("sum") == 60);
  CHECK(ended.state.at("reply").at("key") == "ann");
  CHECK(*made == 1);
}

TEST_CASE("One key takes one message at a time, and keys do not wait",
          "[keyed]") {
  simulation sim;
  const auto inside = new_counter();
  const auto most = new_counter();
  const keyed_actors all{sim.system(), "account", [&](const std::string& key) {
                           return account{key, inside, most};
                         }};
  const auto began = sim.now();
  const auto one_key = sim.start(many({all, "ann", add(1, 100)}, 5));
  CHECK(failure_of(sim.finish(one_key)) == "");
  CHECK(*most == 1);
  CHECK(sim.now() - began >= 500ms);
  const auto then = sim.now();
  const auto ann = sim.start(one_node(asks{all, "ann", add(1, 100)}));
  const auto bob = sim.start(one_node(asks{all, "bob", add(1, 100)}));
  CHECK(sim.finish(ann).ok());
  CHECK(sim.finish(bob).ok());
  CHECK(*most == 2);
  CHECK(sim.now() - then < 200ms);
}

TEST_CASE("An actor that is idle is dropped, and the next begins anew",
          "[keyed]") {
  simulation sim;
  const auto made = new_counter();
  const auto all = accounts(sim.system(), made, {.idle_max = 1min});
  const auto ask = [&](int amount) {
    const auto ended =
        sim.finish(sim.start(one_node(asks{all, "ann", add(amount)})));
    return ended.state.at("reply").at("sum").get<int>();
  };
  CHECK(ask(1) == 1);
  sim.advance(50s);
  CHECK(ask(1) == 2);
  sim.advance(50s);
  CHECK(all.size() == 1);
  CHECK(ask(1) == 3);
  sim.advance(61s);
  CHECK(all.size() == 0);
  CHECK(ask(1) == 1);
  CHECK(*made == 2);
}

TEST_CASE("An actor may be idle for as long as there is time", "[keyed]") {
  simulation sim;
  sim.advance(1s);
  const auto all = accounts(sim.system(), new_counter(),
                            {.idle_max = troupe::duration::max()});
  REQUIRE(sim.finish(sim.start(one_node(asks{all, "ann", add(1)}))).ok());
  sim.advance(24h);
  CHECK(all.size() == 1);
}

TEST_CASE("A key is free when its actor is destroyed, and no earlier",
          "[keyed]") {
  simulation sim;
  const auto taken = new_counter();
  std::unique_ptr<keyed_actors> all;
  const auto keys = [&] { return static_cast<int>(all->size()); };
  all = std::make_unique<keyed_actors>(
      sim.system(), "frail",
      [&](const std::string&) { return std::make_unique<frail>(taken, keys); },
      troupe::remote::keyed_options{.idle_max = 1min});
  const auto ask = [&](const std::string& key, const char* what) {
    return sim.start(one_node(asks{*all, key, json(what)}));
  };
  REQUIRE(sim.finish(ask("idle", "stay")).ok());
  sim.advance(2min);
  CHECK(*taken == 1);
  CHECK(all->size() == 0);
  REQUIRE_FALSE(sim.finish(ask("killed", "die")).ok());
  CHECK(*taken == 2);
  CHECK(all->size() == 0);
}

TEST_CASE("Who waits for an actor that is killed is told so", "[keyed]") {
  simulation sim;
  const keyed_actors all{sim.system(), "frail", [](const std::string&) {
                           return std::make_unique<frail>();
                         }};
  const auto began = sim.now();
  std::vector<troupe::run> runs;
  for (const auto* what : {"die", "stay", "stay"}) {
    runs.push_back(sim.start(one_node(asks{all, "one", json(what)})));
  }
  for (const auto& each : runs) {
    CHECK(sim.finish(each).failure.value().code() == errc::shut_down);
  }
  CHECK(sim.now() - began < 1s);
  CHECK(sim.finish(sim.start(one_node(asks{all, "one", json("stay")}))).ok());
}

TEST_CASE("What an actor throws goes to who asked, and the actor stays",
          "[remote][keyed]") {
  struct picky {
    int heard = 0;
    task<json> receive(json message) {
      ++heard;
      if (message == "bad") throw std::runtime_error{"no such thing"};
      co_return json(heard);
    }
  };
  cluster_room room;
  const auto worker = join_idle(room);
  const keyed_actors here{room.system(), "picky",
                          [](const std::string&) { return picky{}; }};
  const keyed_actors there{worker->system(), "picky"};
  const auto refused = room.finish(
      worker->system().start(one_node(asks{there, "one", json("bad")})));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.failure->code() == errc::node_threw);
  CHECK(refused.failure->message() == "no such thing");
  const auto taken = room.finish(
      worker->system().start(one_node(asks{there, "one", json("good")})));
  REQUIRE(taken.ok());
  CHECK(taken.state.at("reply") == 2);
}

TEST_CASE("More messages than an actor keeps are refused", "[keyed]") {
  simulation sim;
  const auto all =
      accounts(sim.system(), new_counter(), {.messages_max = 2, .keys_max = 1});
  const auto slow = sim.start(many({all, "ann", add(1, 1000)}, 2));
  sim.run_ready();
  const auto third = sim.finish(sim.start(one_node(asks{all, "ann", add(1)})));
  CHECK(third.failure.value().code() == errc::overloaded);
  const auto other = sim.finish(sim.start(one_node(asks{all, "bob", add(1)})));
  CHECK(other.failure.value().code() == errc::overloaded);
  CHECK(failure_of(sim.finish(slow)) == "");
}

TEST_CASE("Who waits for a reply longer than its limit goes on", "[keyed]") {
  simulation sim;
  const auto all = accounts(sim.system());
  const auto slow = sim.start(one_node(asks{all, "ann", add(1, 5'000)}));
  sim.run_ready();
  const auto waits =
      sim.finish(sim.start(one_node(asks{all, "ann", add(1), 1s})));
  CHECK(waits.failure.value().code() == errc::timed_out);
  CHECK(failure_of(sim.finish(slow)) == "");
  // The message that nobody waits for any more was not taken in.
  const auto last = sim.finish(sim.start(one_node(asks{all, "ann", add(0)})));
  CHECK(last.state.at("reply").at("sum") == 1);
}

TEST_CASE("Nobody waits for an actor of a name that nothing makes",
          "[remote][keyed]") {
  cluster_room room;
  const auto worker = join_idle(room);
  const keyed_actors here{room.system(), "account"};
  const keyed_actors there{worker->system(), "account"};
  const asks from_here{here, "ann", add(1)};
  const asks from_there{there, "ann", add(1)};
  CHECK(room.finish(room.system().start(one_node(from_here)))
            .failure.value()
            .code() == errc::request_failed);
  CHECK(room.finish(worker->system().start(one_node(from_there)))
            .failure.value()
            .code() == errc::request_failed);
}

TEST_CASE("Who waits for a reply is told when its supervisor is lost",
          "[remote][keyed]") {
  auto room = std::make_unique<cluster_room>();
  const auto worker = join_idle(*room);
  const auto begun = new_counter();
  struct stuck {
    counter begun;
    task<json> receive(json) {
      ++*begun;
      co_await troupe::sleep_for(1h);
      co_return json{};
    }
  };
  auto here = std::make_unique<keyed_actors>(
      room->system(), "stuck",
      [begun](const std::string&) { return stuck{begun}; });
  const asks node{keyed_actors{worker->system(), "stuck"}, "one", add(1), 1h};
  const auto run = worker->system().start(one_node(node));
  REQUIRE(soon([&] { return *begun == 1; }));
  room->stop_listening();
  const auto ended = room->finish(run);
  CHECK(ended.failure.value().code() == errc::request_failed);
  room.reset();
  here.reset();
}

TEST_CASE("Actors live as long as any handle of their name", "[keyed]") {
  simulation sim;
  auto all = std::make_unique<keyed_actors>(accounts(sim.system()));
  const auto other = accounts(sim.system());
  const auto slow = sim.start(one_node(asks{*all, "ann", add(1, 1'000)}));
  sim.run_ready();
  all.reset();
  CHECK(failure_of(sim.finish(slow)) == "");
}

TEST_CASE("Keyed actors that make no sense are refused", "[keyed]") {
  simulation sim;
  const auto refused = [&](troupe::remote::keyed_options options) {
    return code_of([&] {
             static_cast<void>(accounts(sim.system(), new_counter(), options));
           }) == errc::bad_flow;
  };
  CHECK(refused({.messages_max = 0}));
  CHECK(refused({.keys_max = 0}));
  CHECK(refused({.idle_max = 0s}));
  CHECK(code_of([&] {
          keyed_actors{sim.system(), "none", keyed_actors::maker{}};
        }) == errc::bad_flow);
}
