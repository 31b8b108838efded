#include "remote/members/cluster_room.hpp"
#include "support/catch.hpp"
#include "support/has.hpp"
#include "support/store/memory_store.hpp"

#include <troupe/batch.hpp>
#include <troupe/once.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::state;

namespace {

struct pays {
  troupe::task<int> exec(troupe::context& ctx) const {
    auto pay = [] { return 1; };
    auto paid = ctx.once("pay", pay);
    co_return co_await paid;
  }
  void post(state& shared, int, int paid) const { shared.add("paid", paid); }
  int prep() const { return 0; }
};

troupe::flow paying_node() {
  troupe::node_options options;
  options.on = "gpu";
  options.retry.attempts = 3;
  troupe::flow_builder builder{"work"};
  builder.add("pay", pays{}, options);
  return builder.build();
}

troupe::flow paying_batch() {
  troupe::flow_builder body{"body"};
  body.add("pay", pays{});
  troupe::fan_out_options options;
  options.on = "gpu";
  return troupe::batch(
      "work", body.build(),
      [](const state&) {
        return std::vector<troupe::json>{{{"i", 0}}};
      },
      options);
}

/// A supervisor with a store, or without one, and a worker.
troupe::outcome run_placed(const troupe::flow& work,
                           std::shared_ptr<troupe::run_store> store) {
  const troupe::remote::network_options network;
  troupe::system_options options{.threads = 2,
                                 .prepare = troupe::remote::network(network)};
  options.store = std::move(store);
  troupe::system system{std::move(options)};
  troupe::remote::listener listener{system, {}};
  troupe::remote::worker_options served;
  served.flows = {work};
  served.join = listener.at();
  const worker_room worker{std::move(served), network};
  if (!listener.wait_for_workers(1, cluster_room::patience)) {
    throw std::runtime_error{"the worker does not join"};
  }
  const auto ended = system.start(work).wait_for(cluster_room::patience);
  if (!ended) throw std::runtime_error{"the run does not end"};
  return *ended;
}

}  // namespace

TEST_CASE("An effect whose end a worker cannot keep is refused",
          "[remote][once]") {
  const auto work =
      GENERATE(as<bool>{}, false, true) ? paying_batch() : paying_node();
  const auto ended = run_placed(work, std::make_shared<memory_store>());
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->message().find("'pay' is placed on a worker") !=
        std::string::npos);
}

TEST_CASE("A placed effect of a run that is not durable is executed",
          "[remote][once]") {
  const auto work =
      GENERATE(as<bool>{}, false, true) ? paying_batch() : paying_node();
  const auto ended = run_placed(work, nullptr);
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("paid") == 1);
}
