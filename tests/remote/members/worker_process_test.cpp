// Workers that are processes, and die.

#include "remote/members/worker_process.hpp"

#include "remote/members/certificates.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"
#include "support/has.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::remote::endpoint;
using troupe::remote::listener_options;
using troupe::remote::network_options;
using troupe::remote::tls_options;
using troupe::remote::worker_options;

namespace {

struct deadly {
  troupe::task<int> exec(troupe::context& ctx) const {
    const int i = ctx.params().at("i").get<int>();
    if (ctx.params().at("kills").get<bool>()) {
      co_await troupe::sleep_for(5ms);
      ::_exit(9);
    }
    const auto wait = ctx.params().at("ms").get<int>();
    co_await troupe::sleep_for(std::chrono::milliseconds{wait});
    co_return i;
  }
  void post(troupe::state& shared, int i) const { shared.append("done", i); }
};

/// An exec with attempts, each of which would end its worker.
troupe::flow deadly_node() {
  struct ends_process {
    int exec() const { ::_exit(9); }
  };
  troupe::flow_builder made{"deadly node"};
  made.add("ends", ends_process{}, {.retry = {.attempts = 3}, .on = "gpu"});
  return made.build();
}

std::string variable(const char* name) {
  const char* found = std::getenv(name);
  return found == nullptr ? std::string{} : std::string{found};
}

}  // namespace

troupe::flow troupe_test::deadly_items(std::size_t items, std::size_t killer,
                                       int ms) {
  const auto given = [items, killer, ms](const troupe::state&) {
    std::vector<troupe::json> all;
    for (std::size_t i = 0; i < items; ++i) {
      all.push_back({{"i", i}, {"kills", i == killer}, {"ms", ms}});
    }
    return all;
  };
  return troupe::batch("deadly items", one_node(deadly{}), given,
                       {.concurrency = 64,
                        .on_failure = troupe::collect,
                        .on = "gpu",
                        .post = [](troupe::state& shared, const auto& ended,
                                   auto&) -> troupe::action {
                          for (const auto& each : ended) {
                            if (!each.failure) continue;
                            shared.append("failed", each.failure->describe());
                          }
                          return {};
                        }});
}

TEST_CASE("A process that other tests start as a worker",
          "[.][worker_process]") {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  network_options network;
  if (const auto certificate = variable("TROUPE_TEST_CERTIFICATE");
      !certificate.empty()) {
    network.tls =
        tls_options{.certificate = certificate,
                    .key = variable("TROUPE_TEST_KEY"),
                    .authorities = variable("TROUPE_TEST_AUTHORITIES"),
                    .peers = {"boss.test"}};
  }
  worker_options options;
  options.flows = {deadly_items(0, 0, 0), deadly_node()};
  options.capacity = 16;
  options.retry_max = 200ms;
  options.join = endpoint::from(variable("TROUPE_TEST_JOIN"));
  worker_room room{std::move(options), network};
  room.worker().wait();
}

TEST_CASE("Only the item fails that worker processes die of", "[remote]") {
  listener_options options;
  options.deaths_max = 2;
  cluster_room room{options};
  worker_process worker{room.listener().at()};
  const auto ended = room.finish(room.system().start(deadly_items(8, 3, 20)));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("done").size() == 7);
  REQUIRE(ended.state.at("failed").size() == 1);
  const auto why = ended.state.at("failed").at(0).get<std::string>();
  CHECK(has(why, "actor_died"));
  CHECK(has(why, "which held nothing else, was lost 2 times"));
  CHECK(has(why, "the connection was lost 2 times"));
  CHECK(worker.deaths() >= 3);
}

TEST_CASE("Attempts do not multiply the workers that die of an exec",
          "[remote]") {
  listener_options options;
  options.deaths_max = 2;
  cluster_room room{options};
  worker_process worker{room.listener().at()};
  const auto ended = room.finish(room.system().start(deadly_node()));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::actor_died);
  CHECK(ended.failure->is_permanent());
  CHECK(ended.failure->attempt() == 0U);
  REQUIRE(soon([&] { return worker.deaths() >= 2; }));
  CHECK(worker.deaths() == 2);
}

TEST_CASE("Over TLS the work of a killed worker process goes to another",
          "[remote][tls]") {
  certificates authority;
  const auto of_worker = authority.network("worker.test", {"boss.test"});
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  worker_process one{room.listener().at(), of_worker};
  worker_process other{room.listener().at(), of_worker};
  REQUIRE(room.listener().wait_for_workers(2, cluster_room::patience));
  const auto run = room.system().start(deadly_items(12, 99, 1000));
  REQUIRE(soon([&] { return room.listener().status().at("leased") == 12; }));
  one.kill_now();
  const auto ended = room.finish(run);
  REQUIRE(ended.ok());
  CHECK(ended.state.at("done").size() == 12);
  // It is started again, and joins over TLS.
  CHECK(room.listener().wait_for_workers(2, cluster_room::patience));
}

TEST_CASE("A worker whose threads are in plain calls is not given up",
          "[remote]") {
  // The calls end when the supervisor has told of them, after its silence.
  struct holds_thread {
    std::shared_ptr<std::atomic<int>> calls;
    std::shared_future<void> end;
    int exec() const {
      ++*calls;
      end.wait();
      return 1;
    }
  };
  std::promise<void> end;
  const holds_thread node{std::make_shared<std::atomic<int>>(0),
                          end.get_future().share()};
  const troupe::flow held =
      one_node(node, {.retry = {.attempts = 2}, .on = "gpu"});
  const auto all = troupe::batch("all", held, numbered(2), {.concurrency = 2});
  listener_options options;
  options.silence_max = 500ms;
  cluster_room room{options};
  const auto worker = room.join({held});
  const auto run = room.system().start(all);
  const auto is_late = [&] {
    const auto status = room.listener().status();
    const auto& workers = status.at("workers");
    return workers.size() == 1 && workers.at(0).at("silent_ms") > 1000;
  };
  CHECK(soon(is_late));
  end.set_value();
  CHECK(room.finish(run).ok());
  CHECK(*node.calls == 2);
  CHECK(room.said().has("user code holds all its threads"));
  std::size_t told = 0;
  for (const auto& each : events_of(run)) {
    if (each.kind != troupe::event_kind::warning) continue;
    if (!has(each.text, "are all held by plain calls")) continue;
    ++told;
    CHECK(each.node == "only");
    CHECK(has(each.text, "declare such a node blocking"));
  }
  CHECK(told == 2);
}

TEST_CASE("A result that is too large is not made again", "[remote]") {
  struct says_much {
    std::shared_ptr<std::atomic<int>> calls;
    std::string exec() const {
      ++*calls;
      return std::string(2000, 'x');
    }
  };
  const says_much node{std::make_shared<std::atomic<int>>(0)};
  const auto flow = one_node(node, {.retry = {.attempts = 3}, .on = "gpu"});
  cluster_room room;
  worker_options limited;
  limited.flows = {flow};
  limited.message_max = 1000;
  const auto worker = room.join(std::move(limited));
  const auto ended = room.finish(room.system().start(flow));
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::too_large);
  CHECK(*node.calls == 1);
}
