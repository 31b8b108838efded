#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/flow_maker.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/same_outcome.hpp"
#include "support/store/small_lives.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;

namespace {

troupe::flow three_steps() {
  troupe::flow_builder builder{"three"};
  builder.add("a", adds{"a"}) >> builder.add("b", adds{"b"}) >>
      builder.add("c", adds{"c"});
  return builder.build();
}

/// The outcome of a run of `work` whose process dies after `commits` commits,
/// and that another one resumes. Nothing if it ends before.
std::optional<troupe::outcome> interrupted(const troupe::flow& work,
                                           std::size_t commits,
                                           const troupe::run_options& options) {
  std::shared_ptr<memory_store> left;
  {
    life first{std::make_shared<memory_store>()};
    auto run = first.sim().start(work, state{{"begun", true}}, options);
    if (first.commit(commits) < commits || run.done()) return std::nullopt;
    left = first.crash();
    run.cancel();
    first.finish(run);
  }
  life second{left, knowing(work)};
  auto resumed = second.system().resume_all();
  // The end was committed, and nobody heard of it.
  if (resumed.empty()) {
    const auto again =
        second.system().start(work, state{{"begun", true}}, options);
    return second.finish(again);
  }
  REQUIRE(resumed.size() == 1);
  INFO(resumed[0].why);
  REQUIRE(resumed[0].how == troupe::resumed_run::kind::resumed);
  return second.finish(*resumed[0].handle);
}

}  // namespace

TEST_CASE("A run goes on from its last commit after the death of its process",
          "[durable]") {
  const auto work = three_steps();
  for (std::size_t commits = 1; commits < 4; ++commits) {
    INFO("after " << commits << " commits");
    const auto result = interrupted(work, commits, {.id = "r"});
    REQUIRE(result);
    CHECK(result->ok());
    CHECK(result->state ==
          state{{"begun", true}, {"a", 1}, {"b", 1}, {"c", 1}});
  }
}

TEST_CASE("A run that had ended is not resumed, and gives its outcome",
          "[durable]") {
  const auto work = three_steps();
  life first{std::make_shared<memory_store>()};
  auto run = first.sim().start(work, state{}, {.id = "r"});
  const auto result = first.finish(run);
  life second{first.crash(), knowing(work)};
  CHECK(second.system().resume_all().empty());
  check_same(second.system().start(work, state{}, {.id = "r"}).get(), result);
  check_same(second.system().resume("r").get(), result);
}

TEST_CASE("Every step of a batch counts once, wherever its process died",
          "[durable]") {
  const bool in_sequence = GENERATE(false, true);
  const bool one_by_one = GENERATE(false, true);
  troupe::fan_out_options options;
  options.concurrency = in_sequence ? troupe::sequence : 3;
  options.post = [](state& shared, const auto& outcomes, troupe::context&) {
    shared.set("outcomes", outcomes.size());
    return troupe::action{};
  };
  troupe::flow_builder inner{"inner"};
  inner.add("x", adds{"x"}) >> inner.add("y", adds{"y"});
  troupe::flow_builder builder{"batched"};
  const auto items = numbered(5);
  const auto generated = [](const state&) {
    return [next = 0]() mutable -> std::optional<troupe::value> {
      if (next == 5) return std::nullopt;
      return troupe::value{troupe::json{{"i", next++}}};
    };
  };
  const auto many =
      one_by_one ? troupe::batch("many", inner.build(), generated, options)
                 : troupe::batch("many", inner.build(), items, options);
  builder.add("before", adds{"a"}) >> builder.add("many", many) >>
      builder.add("after", adds{"b"});
  const auto work = builder.build();
  std::size_t commits = 1;
  for (;; ++commits) {
    INFO("after " << commits << " commits");
    const auto result = interrupted(work, commits, {.id = "r"});
    if (!result) break;
    CHECK(result->ok());
    CHECK(result->state == state{{"begun", true},
                                 {"a", 1},
                                 {"b", 1},
                                 {"x", 5},
                                 {"y", 5},
                                 {"outcomes", 5}});
  }
  CHECK(commits > 10);
}

TEST_CASE("Random flows end the same wherever their process dies",
          "[durable]") {
  using mood = world::mood;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    INFO("seed " << seed);
    world in;
    flow_maker maker{seed, in};
    const auto work = maker.make(2);
    const troupe::run_options options{.id = "r", .seed = seed};
    const auto how = seed % 2 == 0 ? mood::rough : mood::broken;
    in.begin_run(how, seed, 0);
    life whole{std::make_shared<memory_store>()};
    const auto expected =
        whole.finish(whole.sim().start(work, state{{"begun", true}}, options));
    in.begin_run(how, seed, 0);
    troupe::testing::simulation without_store;
    const auto plain = without_store.finish(
        without_store.start(work, state{{"begun", true}}, options));
    check_same(expected, plain);
    for (std::size_t commits = 1;; ++commits) {
      INFO("after " << commits << " commits");
      in.begin_run(how, seed, 0);
      const auto result = interrupted(work, commits, options);
      if (!result) break;
      check_same(*result, expected);
    }
  }
}

TEST_CASE("Batches within batches keep what they wrote", "[durable]") {
  const bool in_sequence = GENERATE(false, true);
  const bool has_step = GENERATE(false, true);
  troupe::fan_out_options options;
  options.concurrency = in_sequence ? troupe::sequence : 3;
  const auto inner =
      troupe::batch("inner", one_node(adds{"x"}), numbered(2), options);
  auto body = inner;
  if (has_step) {
    troupe::flow_builder builder{"body"};
    builder.add("before", adds{"a"}) >> builder.add("inner", inner) >>
        builder.add("after", adds{"b"});
    body = builder.build();
  }
  const auto work = troupe::batch("outer", body, numbered(3), options);
  troupe::testing::simulation without;
  const auto expected = without.finish(without.start(work)).state.to_json();
  CHECK(expected.at("x") == 6);
  life whole{std::make_shared<memory_store>()};
  const auto kept = whole.finish(whole.sim().start(work));
  CHECK(kept.state.to_json() == expected);
  for (std::size_t commits = 1;; ++commits) {
    INFO("after " << commits << " commits");
    const auto result = interrupted(work, commits, {.id = "r"});
    if (!result) break;
    auto found = result->state.to_json();
    found.erase("begun");
    CHECK(found == expected);
  }
}

TEST_CASE("A flow whose nodes need the system is added to it", "[durable]") {
  struct needs_system {
    const troupe::system* in;
    void post(state& shared) const { shared.set("same", in != nullptr); }
  };
  const auto make = [](const troupe::system& in) {
    return then("needy", needs_system{&in});
  };
  std::shared_ptr<memory_store> left;
  {
    life first{std::make_shared<memory_store>()};
    first.sim().start(make(first.system()), state{}, {.id = "r"});
    REQUIRE(first.commit(2) == 2);
    left = first.crash();
  }
  life second{left};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].how == troupe::resumed_run::kind::unknown_flow);
  second.system().add_flow(make(second.system()));
  resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  REQUIRE(resumed[0].handle);
  CHECK(second.finish(*resumed[0].handle).state ==
        state{{"first", 1}, {"same", true}});
}

TEST_CASE("A flow is not added beside another one of its name", "[durable]") {
  life only{std::make_shared<memory_store>(), knowing(three_steps())};
  CHECK(code_of([&] { only.system().add_flow(three_steps()); }) ==
        errc::bad_flow);
  troupe::system without;
  CHECK(code_of([&] { without.add_flow(three_steps()); }) == errc::bad_flow);
}
