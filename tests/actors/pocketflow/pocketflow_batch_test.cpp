// Twins of the tests that PocketFlow has for batch nodes: plain, asynchronous
// and parallel.

#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"

#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::each;
using troupe::errc;
using troupe::flow_builder;
using troupe::state;
using troupe::task;

namespace {

using numbers = std::vector<int>;
using chunks = std::vector<numbers>;

numbers up_to(int count) {
  numbers all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

int sum_of(const numbers& all) {
  return std::accumulate(all.begin(), all.end(), 0);
}

chunks chunks_of(const state& shared, std::size_t size) {
  const auto all = shared.get_or<numbers>("input", {});
  chunks made;
  for (std::size_t at = 0; at < all.size(); at += size) {
    const auto end = std::min(at + size, all.size());
    made.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at),
                      all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return made;
}

struct chunk_sums {
  std::size_t size = 10;
  chunks prep(const state& shared) const { return chunks_of(shared, size); }
  int exec(const numbers& chunk) const { return sum_of(chunk); }
  void post(state& shared, const chunks&, const numbers& sums) const {
    shared.set("sums", sums);
  }
};

struct async_chunk_sums {
  std::size_t size = 10;
  task<chunks> prep(const state& shared) const {
    co_return chunks_of(shared, size);
  }
  task<int> exec(numbers chunk) const {
    co_await troupe::sleep_for(10ms);
    co_return sum_of(chunk);
  }
  task<> post(state& shared, chunks, numbers sums) const {
    co_await troupe::sleep_for(10ms);
    shared.set("sums", sums);
  }
};

struct total_of_sums {
  int prep(const state& shared) const {
    return sum_of(shared.get<numbers>("sums"));
  }
  void post(state& shared, int total) const { shared.set("total", total); }
};

/// The total of the first `count` numbers, by way of chunks.
template <class Chunks>
int map_reduce(int count, std::size_t size) {
  flow_builder flow{"map_reduce"};
  flow.add("map", each(Chunks{size})) >> flow.add("reduce", total_of_sums{});
  const played ended = play(flow.build(), {{"input", up_to(count)}});
  return ended.state.get<int>("total");
}

/// Doubles each number after a delay.
struct doubles {
  troupe::duration delay = 100ms;
  numbers prep(const state& shared) const {
    return shared.get_or<numbers>("input", {});
  }
  task<int> exec(int number) const {
    co_await troupe::sleep_for(delay);
    co_return number * 2;
  }
  void post(state& shared, const numbers&, const numbers& doubled) const {
    shared.set("doubled", doubled);
  }
};

struct breaks_at_two {
  numbers prep(const state& shared) const {
    return shared.get<numbers>("input");
  }
  task<int> exec(int number) const {
    co_await troupe::sleep_for(1ms);
    if (number == 2) throw std::invalid_argument("cannot work on 2");
    co_return number;
  }
};

void check_breaks_at_two(std::size_t width) {
  const auto ended =
      play(one_node(each(breaks_at_two{}, {.concurrency = width})),
           {{"input", numbers{1, 2, 3}}});
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "cannot work on 2");
  CHECK(ended.failure->item() == 1U);
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()),
                  std::invalid_argument);
}

}  // namespace

// -- one item after the other -------------------------------------------------

TEMPLATE_TEST_CASE("An array is worked on in chunks", "[pocketflow]",
                   chunk_sums, async_chunk_sums) {
  const played ended = play(one_node(each(TestType{})), {{"input", up_to(25)}});
  CHECK(ended.state.get<numbers>("sums") == numbers{45, 145, 110});
}

TEMPLATE_TEST_CASE("Chunks are mapped and reduced to a sum", "[pocketflow]",
                   chunk_sums, async_chunk_sums) {
  CHECK(map_reduce<TestType>(100, 10) == 4950);
}

TEMPLATE_TEST_CASE("The last chunk may be shorter", "[pocketflow]", chunk_sums,
                   async_chunk_sums) {
  CHECK(map_reduce<TestType>(25, 10) == 300);
}

TEMPLATE_TEST_CASE("Chunks may have a size of one's own", "[pocketflow]",
                   chunk_sums, async_chunk_sums) {
  CHECK(map_reduce<TestType>(100, 15) == 4950);
}

TEMPLATE_TEST_CASE("Chunks may be single elements", "[pocketflow]", chunk_sums,
                   async_chunk_sums) {
  CHECK(map_reduce<TestType>(5, 1) == 10);
}

TEMPLATE_TEST_CASE("An empty array has the sum zero", "[pocketflow]",
                   chunk_sums, async_chunk_sums) {
  CHECK(map_reduce<TestType>(0, 10) == 0);
}

TEST_CASE("One item that fails ends a batch node that goes in sequence",
          "[pocketflow]") {
  check_breaks_at_two(1);
}

TEST_CASE("A sequence takes the time of all its items", "[pocketflow]") {
  const auto ended = play(one_node(each(doubles{})), {{"input", up_to(5)}});
  CHECK(ended.took == 500ms);
}

// -- all items at once --------------------------------------------------------

TEST_CASE("Five items at once take the time of one", "[pocketflow]") {
  const auto ended = play(one_node(each(doubles{}, {.concurrency = 5})),
                          {{"input", up_to(5)}});
  CHECK(ended.state.get<numbers>("doubled") == numbers{0, 2, 4, 6, 8});
  CHECK(ended.took == 100ms);
}

TEST_CASE("A parallel batch node may have no items", "[pocketflow]") {
  const auto ended = play(one_node(each(doubles{}, {.concurrency = 5})),
                          {{"input", numbers{}}});
  CHECK(ended.state.get<numbers>("doubled").empty());
  CHECK(ended.took == 0ms);
}

TEST_CASE("A parallel batch node may have one item", "[pocketflow]") {
  const auto ended = play(one_node(each(doubles{}, {.concurrency = 5})),
                          {{"input", numbers{42}}});
  CHECK(ended.state.get<numbers>("doubled") == numbers{84});
}

TEST_CASE("A hundred items at once give results in their order",
          "[pocketflow]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U, 100U);
  const auto ended = play(one_node(each(doubles{10ms}, {.concurrency = width})),
                          {{"input", up_to(100)}});
  auto expected = up_to(100);
  for (auto& one : expected) one *= 2;
  CHECK(ended.state.get<numbers>("doubled") == expected);
}

TEST_CASE("One item that fails ends a batch node that goes at once",
          "[pocketflow]") {
  check_breaks_at_two(GENERATE(2U, 3U, 8U));
}

TEST_CASE("Of items at once the faster ones finish first", "[pocketflow]") {
  struct odd_is_faster {
    std::shared_ptr<numbers> order;
    numbers prep() const { return up_to(4); }
    task<int> exec(int number) const {
      co_await troupe::sleep_for(number % 2 == 0 ? 100ms : 50ms);
      order->push_back(number);
      co_return number;
    }
  };
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto order = std::make_shared<numbers>();
  const auto ended = play_with_actors(
      how, one_node(each(odd_is_faster{order}, {.concurrency = 4})), {},
      troupe::value::object());
  CHECK_FALSE(ended.failure);
  CHECK(*order == numbers{1, 3, 0, 2});
}

// -- rules without a test of the original's -----------------------------------

TEST_CASE("A fallback gets the item it is for, the state, and its attempt",
          "[pocketflow]") {
  struct falls_back {
    numbers prep() const { return {1, 2, 3}; }
    int exec(int number) const {
      if (number == 2) throw std::runtime_error("cannot work on 2");
      return number;
    }
    int fallback(const state& shared, int number, const troupe::error&,
                 troupe::context& ctx) const {
      return shared.get<int>("base") + 10 * number +
             static_cast<int>(ctx.attempt());
    }
    void post(state& shared, const numbers&, const numbers& results) const {
      shared.set("results", results);
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended = play(one_node(each(falls_back{}, {.concurrency = width}),
                                   {.retry = {.attempts = 3}}),
                          {{"base", 1000}});
  CHECK(ended.state.get<numbers>("results") == numbers{1, 1022, 3});
}

TEST_CASE("After the item that fails no later item of a sequence runs",
          "[pocketflow]") {
  struct records {
    std::shared_ptr<numbers> begun;
    numbers prep() const { return {1, 2, 3}; }
    int exec(int number) const {
      begun->push_back(number);
      if (number == 2) throw std::runtime_error("cannot work on 2");
      return number;
    }
    void post(state& shared) const { shared.set("over", true); }
  };
  const auto begun = std::make_shared<numbers>();
  const auto ended =
      play_with_actors(troupe::turns::in_place, one_node(each(records{begun})),
                       {}, troupe::value::object());
  CHECK(ended.failure);
  CHECK(*begun == numbers{1, 2});
  CHECK_FALSE(ended.state.contains("over"));
}
