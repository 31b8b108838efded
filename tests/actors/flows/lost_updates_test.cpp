// A defect of PocketFlow: parallel sub-flows that read, wait and write lose
// what others wrote meanwhile. Each case shows that it does not happen here.

#include "support/actors/let_others_run.hpp"
#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"

#include <troupe/batch.hpp>

#include <cstddef>
#include <string>

using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::state;
using troupe::task;
using troupe::value;

namespace {

/// Reads a number, waits, and writes what it computes from it.
template <class Write>
struct reads_waits_writes {
  Write write;
  waits how;
  int prep(const state& shared) const { return shared.get<int>("n"); }
  task<int> exec(int read) const {
    auto others = let_others_run(how);
    co_await others;
    co_return read;
  }
  void post(state& shared, int, int read, context& ctx) const {
    write(shared, read, ctx.params().at("i").get<int>());
  }
};

/// A hundred sub-flows of that node.
template <class Write>
troupe::flow a_hundred(Write write, std::size_t width,
                       waits how = waits::virtual_time) {
  return troupe::batch("all", one_node(reads_waits_writes<Write>{write, how}),
                       numbered(100), {.concurrency = width});
}

}  // namespace

TEST_CASE("Lost updates: a hundred that add one at once give a hundred",
          "[lost_updates]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 100U);
  const auto work =
      a_hundred([](state& shared, int, int) { shared.add("n", 1); }, width);
  CHECK(play(work, {{"n", 0}}).state.get<int>("n") == 100);
}

TEST_CASE("Lost updates: a hundred that add on real threads give a hundred",
          "[lost_updates]") {
  const std::size_t threads = GENERATE(1U, 2U, 3U, 8U);
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto work =
      a_hundred([](state& shared, int, int) { shared.add("n", 1); }, 100,
                waits::real_threads);
  troupe::system sys{{.threads = threads, .turns = how}};
  const auto ended = sys.start(work, {{"n", 0}}).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.get<int>("n") == 100);
}

TEST_CASE("Lost updates: in sequence each sees what was set before",
          "[lost_updates]") {
  const auto work =
      a_hundred([](state& shared, int read, int) { shared.set("n", read + 1); },
                troupe::sequence);
  CHECK(play(work, {{"n", 0}}).state.get<int>("n") == 100);
}

TEST_CASE("Lost updates: a hundred that read, add one and set are an error",
          "[lost_updates]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 100U);
  const auto work = a_hundred(
      [](state& shared, int read, int) { shared.set("n", read + 1); }, width);
  const auto ended =
      play(work, {{"n", 0}}, value::object(), siblings::cancelled);
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::merge_conflict);
  CHECK(has(ended.failure->message(), "/n"));
}

TEST_CASE("Lost updates: sets that differ are an error that names the place",
          "[lost_updates]") {
  const std::size_t width = GENERATE(2U, 3U, 8U, 100U);
  const auto work = a_hundred(
      [](state& shared, int read, int i) { shared.set("n", read + i); }, width);
  const auto ended =
      play(work, {{"n", 0}}, value::object(), siblings::cancelled);
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::merge_conflict);
  CHECK(has(ended.failure->message(), "/n"));
}
