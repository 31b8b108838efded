#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/small_lives.hpp"

#include <troupe/batch.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::run_status;
using troupe::state;

// -- starting once ------------------------------------------------------------

TEST_CASE("One id is one run while it is at work", "[durable]") {
  life only{std::make_shared<memory_store>()};
  const auto work = then("f", sleeps{1h});
  auto& sim = only.sim();
  const auto a = sim.start(work, state{{"n", 1}}, {.id = "r"});
  const auto b = sim.start(work, state{{"n", 1}}, {.id = "r"});
  CHECK(code_of([&] {
          sim.start(work, state{{"n", 1.0}}, {.id = "r"});
        }) == errc::id_taken);
  CHECK(code_of([&] {
          sim.start(work, state{{"n", 1}},
                    {.id = "r", .params = troupe::value::object({{"p", 1}})});
        }) == errc::id_taken);
  CHECK(code_of([&] {
          sim.start(then("g", sleeps{1h}), state{{"n", 1}}, {.id = "r"});
        }) == errc::id_taken);
  const auto result = only.finish(a);
  CHECK(result.ok());
  CHECK(b.get().state == result.state);
  CHECK(result.state.get<int>("slept") == 1);
}

TEST_CASE("An id is taken for ever, also after its run was purged",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  const auto work = then("f", adds{"second"});
  {
    life first{store};
    first.finish(first.sim().start(work, state{}, {.id = "r"}));
  }
  CHECK(store->purge({}) == 1);
  life second{store};
  CHECK(code_of([&] { second.sim().start(work, state{}, {.id = "r"}); }) ==
        errc::id_taken);
}

// -- stopping -----------------------------------------------------------------

TEST_CASE("A system that ends parks its runs, which counts as no recovery",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  const auto work = then("f", sleeps{1h});
  {
    troupe::system_options options;
    options.store = store;
    troupe::system first{options};
    const auto run = first.start(work, state{}, {.id = "r"});
    while (store->reader()->find("r")->steps < 1) std::this_thread::yield();
  }
  CHECK(status_of(*store, "r") == run_status::parked);
  life second{store, knowing(work)};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto result = second.finish(*resumed[0].handle);
  CHECK(result.state == state{{"first", 1}, {"slept", 1}});
  CHECK(store->reader()->find("r")->recoveries == 0);
}

TEST_CASE("A handle of a run does not keep the store of its system open",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  std::optional<troupe::run> kept;
  {
    troupe::system_options options;
    options.store = store;
    troupe::system first{std::move(options)};
    kept = first.start(then("f", adds{"second"}), state{}, {.id = "r"});
    CHECK(kept->get().ok());
  }
  CHECK(store.use_count() == 1);
  CHECK(kept->get().ok());
}

TEST_CASE("A run that is parked with items of a batch goes on with them",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  troupe::fan_out_options options;
  options.concurrency = 3;
  const auto work =
      troupe::batch("many", one_node(sleeps{1h}), numbered(4), options);
  {
    troupe::system_options with;
    with.store = store;
    troupe::system first{with};
    const auto run = first.start(work, state{}, {.id = "r"});
    while (store->commits() < 2) std::this_thread::yield();
  }
  CHECK(status_of(*store, "r") == run_status::parked);
  life second{store, knowing(work)};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  CHECK(second.finish(*resumed[0].handle).state == state{{"slept", 4}});
}

TEST_CASE("A cancelled run is not resumed unless somebody asks", "[durable]") {
  auto store = std::make_shared<memory_store>();
  const auto work = then("f", sleeps{1h});
  {
    life first{store};
    auto run = first.sim().start(work, state{}, {.id = "r"});
    first.commit(2);
    first.sim().run_ready();
    run.cancel("enough");
    CHECK(code_of([&] { throw *first.finish(run).failure; }) ==
          errc::cancelled);
  }
  CHECK(status_of(*store, "r") == run_status::cancelled);
  life second{store, knowing(work)};
  CHECK(second.system().resume_all().empty());
  const auto result = second.finish(second.system().resume("r"));
  CHECK(result.state == state{{"first", 1}, {"slept", 1}});
}

TEST_CASE("A failed run goes on with fresh attempts", "[durable]") {
  auto store = std::make_shared<memory_store>();
  bool fails = true;
  int calls = 0;
  troupe::node_options twice;
  twice.retry.attempts = 2;
  const auto work = then("f", fails_while{&fails, &calls}, twice);
  {
    life first{store};
    CHECK_FALSE(
        first.finish(first.sim().start(work, state{}, {.id = "r"})).ok());
  }
  CHECK(calls == 2);
  CHECK(status_of(*store, "r") == run_status::failed);
  fails = false;
  life second{store, knowing(work)};
  const auto result = second.finish(second.system().resume("r"));
  CHECK(result.state == state{{"first", 1}, {"passed", 1}});
  CHECK(calls == 3);
}

TEST_CASE("Items that failed run again when their run is resumed",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  bool fails = true;
  int calls = 0;
  troupe::fan_out_options options;
  options.concurrency = 8;
  const auto body = then("body", fails_while{&fails, &calls});
  const auto work = troupe::batch("many", body, numbered(3), options);
  {
    life first{store};
    CHECK_FALSE(
        first.finish(first.sim().start(work, state{}, {.id = "r"})).ok());
  }
  fails = false;
  life second{store, knowing(work)};
  const auto result = second.finish(second.system().resume("r"));
  REQUIRE(result.ok());
  CHECK(result.state == state{{"first", 3}, {"passed", 3}});
}

// -- runs within runs ---------------------------------------------------------

namespace {

struct starts_another {
  troupe::system** in;
  troupe::flow work;
  troupe::task<void> exec() const {
    const auto child = (*in)->start(work);
    const auto result = co_await child;
    if (!result.ok()) throw troupe::error{*result.failure};
  }
};

struct counts_calls {
  int* calls;
  void exec() const { ++*calls; }
};

}  // namespace

TEST_CASE("A run that a step starts is found again by its next life",
          "[durable]") {
  int calls = 0;
  troupe::flow_builder inner{"inner"};
  inner.add("count", counts_calls{&calls}) >> inner.add("sleep", sleeps{1h});
  const auto child = inner.build();
  troupe::system* in = nullptr;
  const auto work = one_node(starts_another{&in, child});
  auto store = std::make_shared<memory_store>();
  for (std::size_t commits = 3; commits < 6; ++commits) {
    INFO("after " << commits << " commits");
    calls = 0;
    std::shared_ptr<memory_store> left;
    {
      life first{std::make_shared<memory_store>()};
      in = &first.system();
      auto run = first.sim().start(work, state{}, {.id = "r"});
      REQUIRE(first.commit(commits) == commits);
      left = first.crash();
      run.cancel();
      first.finish(run);
    }
    auto options = knowing(work);
    options.flows.push_back(child);
    life second{left, options};
    in = &second.system();
    std::optional<troupe::run> whole;
    for (auto& each : second.system().resume_all()) {
      if (each.id == "r") whole = each.handle;
    }
    if (whole) CHECK(second.finish(*whole).ok());
    CHECK(left->reader()->list({}).size() == 2);
    CHECK(calls == 1);
  }
}

// -- a store that fails -------------------------------------------------------

TEST_CASE("A run whose store fails ends, and says how much of it is safe",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  store->fail_from(3);
  const auto work = then("f", adds{"second"});
  life only{store};
  const auto result = only.finish(only.sim().start(work, state{}, {.id = "r"}));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::store_failed);
  CHECK(result.failure->message().find("1 steps of r are safe") !=
        std::string::npos);
}

TEST_CASE("A step that fails because its system ends is done again",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  troupe::flow_builder inner{"inner"};
  inner.add("sleep", sleeps{1h});
  const auto child = inner.build();
  struct sleeps_and_starts {
    troupe::system** in;
    troupe::flow work;
    troupe::task<void> exec(troupe::context& ctx) const {
      // It ends while the system does.
      while (!ctx.stop_requested()) {
        try {
          (*in)->start(work);
        } catch (const troupe::error&) {
          throw std::runtime_error{"the system ends"};
        }
        troupe::sleep_for pause{1ms};
        co_await pause;
      }
    }
  };
  troupe::system* in = nullptr;
  const auto work = one_node(sleeps_and_starts{&in, child});
  {
    troupe::system_options options;
    options.store = store;
    troupe::system first{options};
    in = &first;
    const auto run = first.start(work, state{}, {.id = "r"});
    while (store->commits() < 3) std::this_thread::yield();
  }
  CHECK(status_of(*store, "r") == run_status::parked);
}
