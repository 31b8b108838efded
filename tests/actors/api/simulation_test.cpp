// Random flows with random failures, delays, deaths and cancellations, under
// virtual time. What goes wrong names the seed, and the seed repeats it.

#include "support/actors/bare_runner.hpp"
#include "support/actors/world.hpp"
#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/flow_maker.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"
#include "support/sanitized.hpp"

#include <troupe/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::turns;
using troupe::testing::simulation;

namespace {

constexpr std::uint64_t first_seed = 20'000;
constexpr std::uint64_t flows = is_sanitized ? 600 : 3'000;
// Semaphores live as long as their system.
constexpr std::uint64_t flows_per_system = 100;
// The deaths that a step, and a sub-flow, survives: see `machine::deaths_max`.
constexpr int deaths_max = 3;

struct ended {
  troupe::outcome result;
  std::size_t started = 0;
  std::size_t finished = 0;
};

class trial {
 public:
  trial(simulation& in_place, simulation& by_message, std::uint64_t seed)
      : in_place_(in_place),
        by_message_(by_message),
        random_(seed),
        work_(flow_maker{seed, world_}.make(2)),
        stopping_work_(flow_maker{seed, world_, true}.make(2)) {}

  void calm_and_rough_runs_agree() {
    const auto calm = run(any_turns(), world::mood::calm, 0);
    CHECK(calm.result.ok());
    CHECK(calm.started == calm.finished);
    const auto how = any_turns();
    const auto rough = run(how, world::mood::rough, deaths_max);
    if (rough.result.failure) {
      UNSCOPED_INFO(rough.result.failure->describe());
    }
    CHECK(rough.result.ok());
    CHECK(rough.result.state.to_json() == calm.result.state.to_json());
    check_ends(rough, how);
  }

  void broken_runs_make_all_their_attempts() {
    const auto broken = run(any_turns(), world::mood::broken, 0);
    CHECK(broken.started == broken.finished);
    world_.expect_all_attempts();
    REQUIRE(world_.problems() == std::vector<std::string>{});
    if (!broken.result.ok()) {
      CHECK(broken.result.failure->attempt().has_value());
      CHECK_FALSE(broken.result.failure->node().empty());
    }
  }

  void cancelled_runs_end() {
    const auto how = any_turns();
    const auto cancelled =
        run(how, world::mood::broken, deaths_max, 1ms * (random_() % 120));
    check_ends(cancelled, how);
  }

  void runs_that_stop_early_end() {
    const auto how = any_turns();
    const auto stopped =
        run(how, world::mood::broken, deaths_max, {}, &stopping_work_);
    check_ends(stopped, how);
  }

 private:
  /// A killed actor did not tell its end, and two items may kill one actor.
  void check_ends(const ended& run, turns how) {
    const auto lost = how == turns::in_place
                          ? static_cast<std::size_t>(world_.deaths())
                          : std::size_t{0};
    CHECK(run.finished <= run.started);
    CHECK(run.started <= run.finished + lost);
  }

  turns any_turns() {
    return random_() % 2 == 0 ? turns::in_place : turns::by_message;
  }

  ended run(turns how, world::mood mood, int deaths,
            std::optional<troupe::duration> cancel_after = {},
            const troupe::flow* other = nullptr) {
    auto& sim = how == turns::in_place ? in_place_ : by_message_;
    random_part::by_message = how == turns::by_message;
    world_.begin_run(mood, random_(), deaths);
    troupe::run_options options;
    options.events = troupe::event_detail::steps;
    options.events_max = 1'000'000;
    options.seed = random_();
    const auto run = sim.start(other ? *other : work_, {}, options);
    if (cancel_after) {
      sim.advance(*cancel_after);
      run.cancel();
    }
    ended all;
    all.result = sim.finish(run);
    if (cancel_after && !all.result.ok()) {
      world_.expect(all.result.failure->code() == troupe::errc::cancelled ||
                        all.result.failure->attempt().has_value(),
                    "ended by " + all.result.failure->describe());
    }
    sim.run_ready();
    const auto events = events_of(run);
    all.started = count_of(events, troupe::event_kind::started);
    all.finished = count_of(events, troupe::event_kind::finished);
    CHECK(events.back().is_final);
    CHECK(sim.live_actors() == 0);
    CHECK(counted::alive() == 0);
    CHECK(world_.problems() == std::vector<std::string>{});
    return all;
  }

  simulation& in_place_;
  simulation& by_message_;
  std::mt19937_64 random_;
  world world_;
  troupe::flow work_;
  troupe::flow stopping_work_;
};

}  // namespace

TEST_CASE("Random flows keep their promises under random trouble",
          "[simulation]") {
  for (std::uint64_t seed = first_seed; seed < first_seed + flows;
       seed += flows_per_system) {
    simulation in_place;
    simulation by_message{{.turns = turns::by_message}};
    for (auto each = seed; each < seed + flows_per_system; ++each) {
      CAPTURE(each);
      trial one{in_place, by_message, each};
      // Five runs for each seed: over 10,000 in all, without sanitizers.
      one.calm_and_rough_runs_agree();
      one.broken_runs_make_all_their_attempts();
      one.cancelled_runs_end();
      one.runs_that_stop_early_end();
    }
  }
  // The trouble was real.
  const auto& seen = world::all();
  CHECK(seen.attempts > 15 * flows);
  CHECK(seen.failures > 3 * flows);
  CHECK(seen.fallbacks > flows / 3);
  CHECK(seen.deaths > flows / 3);
}

TEST_CASE("A run that is put away before every command ends as any other",
          "[simulation]") {
  std::size_t failed = 0;
  for (std::uint64_t seed = 0; seed < flows / 10; ++seed) {
    CAPTURE(seed);
    world in;
    const auto work = flow_maker{seed, in}.make(2);
    const auto run = [&](bool is_put_away) {
      in.begin_run(world::mood::broken, seed, 0);
      troupe::testing_support::bare_options options;
      options.seed = seed;
      options.is_put_away = is_put_away;
      return troupe::testing_support::run_bare(work, {}, options);
    };
    const auto plain = run(false);
    const auto moved = run(true);
    CHECK(moved.state == plain.state);
    CHECK(moved.action == plain.action);
    CHECK(moved.steps == plain.steps);
    CHECK(moved.took == plain.took);
    CHECK(moved.missing_edges == plain.missing_edges);
    REQUIRE(moved.failure.has_value() == plain.failure.has_value());
    if (plain.failure) {
      ++failed;
      CHECK(moved.failure->describe() == plain.failure->describe());
    }
    REQUIRE(in.problems() == std::vector<std::string>{});
  }
  CHECK(failed > 0);
  CHECK(failed < flows / 10);
}
