#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/flow_maker.hpp"
#include "support/store/same_outcome.hpp"
#include "support/store/small_lives.hpp"

#include <troupe/sleep.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::state;

namespace {

constexpr std::size_t commits_max = 12;

template <class Node>
troupe::flow named(const std::string& name, Node node) {
  troupe::flow_builder made{name};
  made.add("only", std::move(node));
  return made.build();
}

/// The ends of runs, and the number of deaths of their process.
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

/// Waits for an hour in the first life.
struct lingers {
  const bool* waits;

  troupe::task<void> exec() const {
    if (!*waits) co_return;
    troupe::sleep_for hour{std::chrono::hours{1}};
    co_await hour;
  }
};

/// Starts a run of `other` whose id sorts behind all that start one.
struct awaits_other {
  troupe::system** where;
  troupe::flow other;

  troupe::task<void> exec(const state& shared) const {
    const troupe::run_options options{.id = "z" + shared.get<std::string>("i")};
    const auto child = (*where)->start(other, state{}, options);
    const auto how = co_await child;
    if (!how.ok()) throw *how.failure;
  }
};

}  // namespace

TEST_CASE("Random flows end the same however often their process dies",
          "[durable]") {
  check_crashes(150, 2);
}

TEST_CASE("Thousands of runs end the same however often their process dies",
          "[.][durable][thousands]") {
  check_crashes(5'000, 2);
}

TEST_CASE("Runs that wait for others go on, however many there are",
          "[durable]") {
  constexpr std::size_t count = 100;
  troupe::system* where = nullptr;
  bool waits = true;
  const auto child = named("child", lingers{&waits});
  const auto parent = named("parent", awaits_other{&where, child});
  life first{std::make_shared<memory_store>()};
  where = &first.system();
  std::vector<troupe::run> begun;
  for (std::size_t i = 0; i < count; ++i) {
    const troupe::run_options options{.id = "a" + std::to_string(i)};
    begun.push_back(
        first.system().start(parent, state{{"i", std::to_string(i)}}, options));
  }
  REQUIRE(first.commit(2 * count) == 2 * count);
  const auto left = first.crash();
  for (const auto& each : begun) each.cancel();
  for (const auto& each : begun) first.finish(each);

  waits = false;
  troupe::system_options options;
  options.flows = {parent, child};
  life second{left, std::move(options)};
  where = &second.system();
  const auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 2 * count);
  for (const auto& each : resumed) CHECK(second.finish(*each.handle).ok());
}

TEST_CASE("A run that waits for its turn to go on may be started again",
          "[durable]") {
  constexpr std::size_t count = 100;
  bool waits = true;
  const auto work = named("work", lingers{&waits});
  const auto start_in = [&work](life& in, std::size_t i) {
    const troupe::run_options options{.id = "r" + std::to_string(100 + i)};
    return in.system().start(work, state{}, options);
  };
  life first{std::make_shared<memory_store>()};
  std::vector<troupe::run> begun;
  for (std::size_t i = 0; i < count; ++i) begun.push_back(start_in(first, i));
  REQUIRE(first.commit(count) == count);
  const auto left = first.crash();
  for (const auto& each : begun) each.cancel();
  for (const auto& each : begun) first.finish(each);

  waits = false;
  troupe::system_options options;
  options.flows = {work};
  life second{left, std::move(options)};
  CHECK(second.system().resume_all().size() == count);
  for (std::size_t i = count; i-- > 0;) {
    CHECK(second.finish(start_in(second, i)).ok());
  }
}

// -- turns --------------------------------------------------------------------

namespace {

/// A store in which so many runs of `work` are at their only step, and have
/// been recovered `recoveries` times in vain.
std::shared_ptr<memory_store> left_at_work(const troupe::flow& work,
                                           std::size_t count,
                                           std::size_t recoveries) {
  auto store = std::make_shared<memory_store>();
  life first{store};
  std::vector<troupe::run> begun;
  for (std::size_t i = 0; i < count; ++i) {
    const troupe::run_options options{.id = "r" + std::to_string(100 + i)};
    begun.push_back(first.system().start(work, state{}, options));
  }
  REQUIRE(first.commit(count) == count);
  first.sim().run_ready();
  store = first.crash();
  for (const auto& each : begun) each.cancel();
  for (const auto& each : begun) first.finish(each);
  for (std::size_t i = 0; i < recoveries; ++i) {
    store = dies_after(count, store, work);
  }
  return store;
}

/// Makes commits until the time is `span` later. Returns their number.
std::size_t commits_within(life& in, troupe::duration span) {
  const auto end = in.sim().now() + span;
  std::size_t made = 0;
  for (;;) {
    in.sim().run_ready();
    if (in.commit_now()) {
      ++made;
      continue;
    }
    const auto due = in.system().core().timers()->next_due();
    if (!due || *due > end) return made;
    in.sim().advance(*due - in.sim().now());
  }
}

struct fails_at_first {
  const bool* fails;
  void exec() const {
    if (*fails) throw std::runtime_error{"not yet"};
  }
};

}  // namespace

TEST_CASE("Runs in long steps hold up no others that are to go on",
          "[durable]") {
  constexpr std::size_t count = 150;
  const bool waits = true;
  const auto work = named("work", lingers{&waits});
  const auto left = left_at_work(work, count, 0);
  life second{left, knowing(work)};
  CHECK(second.system().resume_all().size() == count);
  CHECK(commits_within(second, troupe::duration::zero()) == 64);
  CHECK(commits_within(second, std::chrono::seconds{3}) == count - 64);
}

TEST_CASE("Runs that wait for a retry hold up no others at all", "[durable]") {
  constexpr std::size_t count = 150;
  bool fails = true;
  troupe::node_options options;
  options.retry.attempts = 2;
  options.retry.wait = std::chrono::hours{10};
  troupe::flow_builder made{"work"};
  made.add("only", fails_at_first{&fails}, options);
  const auto work = made.build();
  std::shared_ptr<memory_store> left;
  {
    life first{std::make_shared<memory_store>()};
    std::vector<troupe::run> begun;
    for (std::size_t i = 0; i < count; ++i) {
      begun.push_back(first.system().start(work));
    }
    // Each is made, and its first attempt fails.
    REQUIRE(first.commit(2 * count) == 2 * count);
    left = first.crash();
  }
  life second{left, knowing(work)};
  CHECK(second.system().resume_all().size() == count);
  CHECK(commits_within(second, troupe::duration::zero()) == count);
}

TEST_CASE("Suspects in long steps go on one after the other", "[durable]") {
  const bool waits = true;
  const auto work = named("work", lingers{&waits});
  const auto left = left_at_work(work, 3, 2);
  life now{left, knowing(work)};
  CHECK(now.system().resume_all().size() == 3);
  CHECK(commits_within(now, std::chrono::seconds{30}) == 1);
  CHECK(commits_within(now, std::chrono::minutes{1}) == 1);
  CHECK(commits_within(now, std::chrono::minutes{1}) == 1);
}
