#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/lives.hpp"

#include <troupe/batch.hpp>
#include <troupe/once.hpp>
#include <troupe/sleep.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::run_status;
using troupe::state;

namespace {

struct adds {
  std::string key;
  void post(state& shared) const { shared.add(key, 1); }
};

struct sleeps {
  troupe::duration span;
  troupe::task<void> exec() const {
    troupe::sleep_for pause{span};
    co_await pause;
  }
  void post(state& shared) const { shared.add("slept", 1); }
};

/// Fails while it is told to.
struct fails_while {
  const bool* fails;
  int* calls;
  void exec() const {
    ++*calls;
    if (*fails) throw std::runtime_error{"not yet"};
  }
  void post(state& shared) const { shared.add("passed", 1); }
};

template <class N>
troupe::flow then(std::string name, N node, troupe::node_options options = {},
                  troupe::flow_options whole = {}) {
  troupe::flow_builder builder{std::move(name), std::move(whole)};
  builder.add("first", adds{"first"}) >>
      builder.add("second", std::move(node), std::move(options));
  return builder.build();
}

troupe::system_options knowing(const troupe::flow& work) {
  troupe::system_options options;
  options.flows = {work};
  return options;
}

run_status status_of(memory_store& store, std::string_view id) {
  return store.reader()->find(id)->status;
}

/// A life that ends after so many commits, which leave `store`.
std::shared_ptr<memory_store> dies_after(std::size_t commits,
                                         std::shared_ptr<memory_store> store,
                                         const troupe::flow& work) {
  life only{store, knowing(work)};
  only.system().resume_all();
  CHECK(only.commit(commits) == commits);
  return only.crash();
}

}  // namespace

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
    CHECK_FALSE(first.finish(first.sim().start(work, state{}, {.id = "r"})).ok());
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
    CHECK_FALSE(first.finish(first.sim().start(work, state{}, {.id = "r"})).ok());
  }
  fails = false;
  life second{store, knowing(work)};
  const auto result = second.finish(second.system().resume("r"));
  REQUIRE(result.ok());
  CHECK(result.state == state{{"first", 3}, {"passed", 3}});
}

// -- recovery -----------------------------------------------------------------

TEST_CASE("A run that takes its process down is quarantined", "[durable]") {
  const auto work = then("f", sleeps{1h});
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    first.sim().start(work, state{}, {.id = "r"});
    CHECK(first.commit(2) == 2);
    store = first.crash();
  }
  // Each life counts its recovery, and commits no step.
  for (std::uint32_t lives = 1; lives <= 5; ++lives) {
    store = dies_after(1, store, work);
    CHECK(store->reader()->find("r")->recoveries_in_vain == lives);
  }
  {
    life sixth{store, knowing(work)};
    auto resumed = [&] {
      store->release_all();
      return sixth.system().resume_all();
    }();
    REQUIRE(resumed.size() == 1);
    CHECK(resumed[0].how == troupe::resumed_run::kind::quarantined);
    CHECK(resumed[0].why.find("second") != std::string::npos);
  }
  CHECK(status_of(*store, "r") == run_status::quarantined);
  life last{store, knowing(work)};
  const auto result = last.finish(last.system().resume("r"));
  CHECK(result.ok());
}

TEST_CASE("A run whose flow is not here is left alone", "[durable]") {
  auto store = std::make_shared<memory_store>();
  store = [&] {
    life first{store};
    first.sim().start(then("f", sleeps{1h}), state{}, {.id = "r"});
    first.commit(2);
    return first.crash();
  }();
  life second{store};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].how == troupe::resumed_run::kind::unknown_flow);
  CHECK(store->reader()->find("r")->recoveries == 0);
}

// -- waits --------------------------------------------------------------------

TEST_CASE("A wait for a retry goes on until its due time", "[durable]") {
  bool fails = true;
  int calls = 0;
  troupe::node_options options;
  options.retry.attempts = 3;
  options.retry.wait = 10h;
  const auto work = then("f", fails_while{&fails, &calls}, options);
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    auto run = first.sim().start(work, state{}, {.id = "r"});
    first.commit(3);
    first.sim().run_ready();
    store = first.crash();
    run.cancel();
    first.finish(run);
  }
  CHECK(calls == 1);
  fails = false;
  life second{store, knowing(work)};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto begun = second.sim().now();
  CHECK(second.finish(*resumed[0].handle).ok());
  CHECK(calls == 2);
  // The clocks of both lives are virtual: no time has passed between them.
  CHECK(second.sim().now() - begun >= 10h);
  CHECK(second.sim().now() - begun < 10h + 1s);
}

TEST_CASE("A deadline counts the time in which nobody runs it", "[durable]") {
  const auto work = then("f", sleeps{1h});
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    auto run =
        first.sim().start(work, state{}, {.id = "r", .deadline = 30min});
    first.commit(2);
    store = first.crash();
    run.cancel();
    first.finish(run);
  }
  life second{store, knowing(work)};
  second.sim().advance(1h);
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto begun = second.sim().now();
  const auto result = second.finish(*resumed[0].handle);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::cancelled);
  CHECK(second.sim().now() - begun < 1s);
}

// -- other flows --------------------------------------------------------------

TEST_CASE("A run goes on in a flow that has another node behind", "[durable]") {
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    first.sim().start(then("f", sleeps{1h}), state{}, {.id = "r"});
    first.commit(2);
    store = first.crash();
  }
  troupe::flow_builder builder{"f"};
  builder.add("first", adds{"first"}) >> builder.add("second", sleeps{1h}) >>
      builder.add("third", adds{"third"});
  const auto now = builder.build();
  life second{store, knowing(now)};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  CHECK(second.finish(*resumed[0].handle).state ==
        state{{"first", 1}, {"slept", 1}, {"third", 1}});
}

TEST_CASE("A run that stands at a removed node is refused or migrated",
          "[durable]") {
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    first.sim().start(then("f", sleeps{1h}), state{}, {.id = "r"});
    first.commit(2);
    store = first.crash();
  }
  troupe::flow_options second_version;
  second_version.version = "2";
  troupe::flow_builder builder{"f", second_version};
  builder.add("first", adds{"first"}) >> builder.add("other", adds{"other"});
  const auto now = builder.build();
  {
    life refused{store->copy(), knowing(now)};
    auto resumed = refused.system().resume_all();
    REQUIRE(resumed.size() == 1);
    CHECK(resumed[0].how == troupe::resumed_run::kind::changed_flow);
    CHECK(resumed[0].why.find("second") != std::string::npos);
  }
  auto options = knowing(now);
  options.migrations["f"] = {{.from = "",
                              .to = "2",
                              .move = [](troupe::position at, state document) {
                                at.path = {"other"};
                                return troupe::migrated{std::move(at),
                                                        std::move(document)};
                              }}};
  life migrated{store, options};
  auto resumed = migrated.system().resume_all();
  REQUIRE(resumed.size() == 1);
  INFO(resumed[0].why);
  REQUIRE(resumed[0].handle);
  CHECK(migrated.finish(*resumed[0].handle).state ==
        state{{"first", 1}, {"other", 1}});
  CHECK(store->reader()->find("r")->version == "2");
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
