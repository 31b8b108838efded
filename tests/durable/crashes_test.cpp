#include "support/catch.hpp"
#include "support/flows/flow_maker.hpp"
#include "support/store/lives.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::state;

namespace {

constexpr std::size_t commits_max = 12;

/// What became of runs, and how often their process died.
struct lived {
  std::vector<troupe::outcome> ends;
  std::size_t deaths = 0;
};

std::vector<troupe::run> start_all(life& in, const troupe::flow& work,
                                   std::uint64_t seed, std::size_t runs) {
  std::vector<troupe::run> all;
  for (std::size_t i = 0; i < runs; ++i) {
    const troupe::run_options options{.id = "r" + std::to_string(i),
                                      .seed = seed + i};
    all.push_back(in.system().start(work, state{{"begun", true}}, options));
  }
  return all;
}

/// Runs `work` several times at once in processes that die after a random
/// number of commits, until one ends all.
lived live(const troupe::flow& work, std::uint64_t seed, std::size_t runs,
           bool dies) {
  std::mt19937_64 random{seed};
  lived made;
  auto left = std::make_shared<memory_store>();
  for (;;) {
    troupe::system_options options;
    options.flows = {work};
    options.recoveries_max = 1'000;
    life now{left, std::move(options)};
    for (const auto& each : now.system().resume_all()) {
      INFO(each.why);
      REQUIRE(each.how == troupe::resumed_run::kind::resumed);
    }
    const auto all = start_all(now, work, seed, runs);
    const std::size_t commits =
        dies ? random() % commits_max + made.deaths / 4 : 1'000'000;
    if (now.commit(commits) < commits) {
      for (const auto& each : all) made.ends.push_back(now.finish(each));
      return made;
    }
    left = now.crash();
    ++made.deaths;
    for (const auto& each : all) each.cancel();
    for (const auto& each : all) now.finish(each);
  }
}

void check_same(const troupe::outcome& a, const troupe::outcome& b) {
  CHECK(a.state == b.state);
  CHECK(a.action == b.action);
  CHECK(a.ok() == b.ok());
  if (!a.ok() && !b.ok()) CHECK(a.failure->describe() == b.failure->describe());
}

void check_crashes(std::uint64_t seeds, std::size_t runs) {
  using mood = world::mood;
  std::size_t deaths = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    INFO("seed " << seed);
    world in;
    flow_maker maker{seed + 10'000, in};
    const auto work = maker.make(2);
    const auto how = seed % 2 == 0 ? mood::rough : mood::broken;
    in.begin_run(how, seed, 0);
    const auto expected = live(work, seed, runs, false);
    in.begin_run(how, seed, 0);
    const auto found = live(work, seed, runs, true);
    deaths += found.deaths;
    REQUIRE(found.ends.size() == runs);
    for (std::size_t i = 0; i < runs; ++i) {
      INFO("run " << i);
      check_same(found.ends[i], expected.ends[i]);
    }
  }
  CHECK(deaths > seeds);
}

}  // namespace

TEST_CASE("Random flows end the same however often their process dies",
          "[durable]") {
  check_crashes(150, 2);
}

TEST_CASE("Thousands of runs end the same however often their process dies",
          "[.][durable][thousands]") {
  check_crashes(5'000, 2);
}
