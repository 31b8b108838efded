#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/small_lives.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::run_status;
using troupe::state;

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
  CHECK(code_of([&] { last.sim().start(work, state{}, {.id = "r"}); }) ==
        errc::quarantined);
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

TEST_CASE("The waits after one that was resumed are whole", "[durable]") {
  const bool fails = true;
  int calls = 0;
  troupe::node_options options;
  options.retry.attempts = 3;
  options.retry.wait = 10h;
  const auto work = then("f", fails_while{&fails, &calls}, options);
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    first.sim().start(work, state{}, {.id = "r"});
    first.commit(3);
    store = first.crash();
  }
  life second{store, knowing(work)};
  second.sim().advance(4h);
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto begun = second.sim().now();
  CHECK_FALSE(second.finish(*resumed[0].handle).ok());
  CHECK(calls == 3);
  CHECK(second.sim().now() - begun >= 16h);
  CHECK(second.sim().now() - begun < 16h + 1s);
}

// -- clocks -------------------------------------------------------------------

namespace {

/// Sets the date of a life.
void shift_date(life& of, troupe::duration by) {
  of.system().core().timers()->shift_date(by);
}

/// The time that a run takes whose second attempt comes after 10 hours, and of
/// which `before` pass in a first life; the date is set by `shift` at the
/// beginning of the second one, or within the first if that is the only one.
troupe::duration wait_with_shift(troupe::duration before,
                                 troupe::duration shift, bool dies) {
  bool fails = true;
  int calls = 0;
  troupe::node_options options;
  options.retry.attempts = 2;
  options.retry.wait = 10h;
  const auto work = then("f", fails_while{&fails, &calls}, options);
  auto store = std::make_shared<memory_store>();
  life first{store};
  const auto run = first.sim().start(work, state{}, {.id = "r"});
  first.commit(3);
  first.sim().run_ready();
  fails = false;
  const auto begun = first.sim().now();
  first.sim().advance(before);
  if (!dies) {
    shift_date(first, shift);
    CHECK(first.finish(run).ok());
    CHECK(calls == 2);
    return first.sim().now() - begun;
  }
  life second{first.crash(), knowing(work)};
  shift_date(second, (begun - troupe::time_point{}) + before + shift);
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto again = second.sim().now();
  CHECK(second.finish(*resumed[0].handle).ok());
  CHECK(calls == 2);
  return before + (second.sim().now() - again);
}

/// The time after which a run with a deadline of three hours is cancelled.
troupe::duration deadline_with_shift(troupe::duration shift) {
  const auto work = then("f", sleeps{100h});
  auto store = std::make_shared<memory_store>();
  life only{store};
  const auto run = only.sim().start(work, state{}, {.id = "r", .deadline = 3h});
  only.commit(2);
  const auto begun = only.sim().now();
  only.sim().advance(1h);
  shift_date(only, shift);
  CHECK_FALSE(only.finish(run).ok());
  return only.sim().now() - begun;
}

}  // namespace

TEST_CASE("A wait for a retry does not notice that the date is set",
          "[durable]") {
  for (const auto shift : {-2h, 0h, 2h}) {
    INFO(shift.count() << " hours");
    const auto whole = wait_with_shift(4h, shift, false);
    CHECK(whole >= 10h);
    CHECK(whole < 10h + 1s);
  }
}

TEST_CASE(
    "A wait for a retry ends at its date, and is never longer than it was",
    "[durable]") {
  const auto [shift, rest] =
      GENERATE(table<std::chrono::hours, std::chrono::hours>(
          {{0h, 6h}, {2h, 4h}, {-2h, 8h}, {-7h, 10h}, {7h, 0h}}));
  INFO(shift.count() << " hours");
  const auto whole = wait_with_shift(4h, shift, true);
  CHECK(whole >= 4h + rest);
  CHECK(whole < 4h + rest + 1s);
}

TEST_CASE("A deadline does not notice that the date is set", "[durable]") {
  for (const auto shift : {-2h, 0h, 2h}) {
    INFO(shift.count() << " hours");
    const auto whole = deadline_with_shift(shift);
    CHECK(whole >= 3h);
    CHECK(whole < 3h + 1s);
  }
}

TEST_CASE("A deadline gains no time by a date that is set back", "[durable]") {
  const auto work = then("f", sleeps{100h});
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    first.sim().start(work, state{}, {.id = "r", .deadline = 3h});
    first.commit(2);
    store = first.crash();
  }
  const auto [shift, rest] =
      GENERATE(table<std::chrono::hours, std::chrono::hours>(
          {{0h, 3h}, {2h, 1h}, {-2h, 3h}, {5h, 0h}}));
  INFO(shift.count() << " hours");
  life second{store, knowing(work)};
  shift_date(second, shift);
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto begun = second.sim().now();
  CHECK_FALSE(second.finish(*resumed[0].handle).ok());
  CHECK(second.sim().now() - begun >= rest);
  CHECK(second.sim().now() - begun < rest + 1s);
}

TEST_CASE("A deadline counts the time in which nobody runs it", "[durable]") {
  const auto work = then("f", sleeps{1h});
  auto store = std::make_shared<memory_store>();
  {
    life first{store};
    auto run = first.sim().start(work, state{}, {.id = "r", .deadline = 30min});
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
  options.migrations["f"] = {
      {.from = "", .to = "2", .move = [](troupe::position at, state document) {
         at.path = {"other"};
         return troupe::migrated{std::move(at), std::move(document)};
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
