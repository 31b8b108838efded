#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::context;
using troupe::each;
using troupe::event_kind;
using troupe::state;
using troupe::task;
using troupe_test::counted;
using troupe_test::lone_step;
using status = lone_step::status;

namespace {

struct seen {
  int now = 0;
  int most = 0;
  int calls = 0;
};

/// Takes a second for each item; fails for negative ones.
struct naps {
  std::vector<int> items;
  std::shared_ptr<seen> log = std::make_shared<seen>();

  std::vector<int> prep() const { return items; }
  task<int> exec(int item) const {
    counted local;
    ++log->calls;
    log->most = std::max(log->most, ++log->now);
    co_await troupe::sleep_for(1s);
    --log->now;
    if (item < 0) throw std::runtime_error("item " + std::to_string(item));
    co_return item * 10;
  }
  void post(state& shared, const std::vector<int>&,
            std::vector<int> results) const {
    shared.set("results", results);
  }
};

struct naps_over : naps {
  int fallback(int item) const { return -item; }
};

struct plain {
  std::list<int> prep() const { return {1, 2, 3}; }
  int exec(const int& item, context& ctx) const {
    return item + static_cast<int>(ctx.item().value());
  }
  void post(state& shared, const std::vector<int>& items,
            std::vector<int> results) const {
    shared.set("items", items);
    shared.set("results", results);
  }
};

/// As list, `bool` has no references; as views, numbers have none.
struct doubled {
  std::vector<bool> prep() const { return {true, false, true, true, false}; }
  task<int> exec(bool item) const {
    co_await troupe::sleep_for(1s);
    co_return item ? 2 : 0;
  }
  int fallback(bool item) const { return item ? 1 : 0; }
  void post(state& shared, const std::vector<bool>&,
            const std::vector<int>& out) const {
    shared["out"] = out;
  }
};

// Before 16, Clang does not compile the views of libstdc++.
#if !defined(__clang__) || __clang_major__ >= 16
struct texts_of_view {
  auto prep() const {
    return std::views::iota(0, 3) |
           std::views::transform([](int i) { return std::to_string(i); });
  }
  task<std::string> exec(std::string item) const { co_return item; }
  void post(state& shared, const std::vector<std::string>&,
            const std::vector<std::string>& out) const {
    shared["out"] = out;
  }
};
#endif

const troupe::value results_of(const lone_step& step) {
  return step.shared().at("results");
}

}  // namespace

TEST_CASE("Items are worked on in order, results too", "[each]") {
  lone_step step{each(plain{})};
  CHECK(step.begin() == status::done);
  CHECK(step.shared().at("items") == troupe::value::array({1, 2, 3}));
  CHECK(results_of(step) == troupe::value::array({1, 3, 5}));
}

TEST_CASE("So many items run at once as they may", "[each]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const naps node{{1, 2, 3, 4, 5, 6}};
  lone_step step{each(node, {.concurrency = width})};
  CHECK(step.begin() == status::suspended);
  const auto rounds = static_cast<int>((6 + width - 1) / width);
  for (int i = 1; i < rounds; ++i) CHECK(step.after(1s) == status::suspended);
  CHECK(step.after(1s) == status::done);
  CHECK(node.log->most == std::min(static_cast<int>(width), 6));
  CHECK(results_of(step) == troupe::value::array({10, 20, 30, 40, 50, 60}));
}

TEST_CASE("Each item has its own attempts and its own fallback", "[each]") {
  const naps_over node{{{1, -2, 3}}};
  lone_step step{each(node, {.concurrency = 3}),
                 {.retry = {.attempts = 3, .wait = 1s}}};
  CHECK(step.node().retries_itself());
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(4s) == status::suspended);
  CHECK(step.after(1s) == status::done);
  CHECK(node.log->calls == 5);
  CHECK(results_of(step) == troupe::value::array({10, 2, 30}));
  std::vector<std::pair<event_kind, std::uint32_t>> told;
  for (const auto& event : step.events()) {
    CHECK(event.item == 1U);
    told.emplace_back(event.kind, event.attempt);
  }
  CHECK(told == std::vector<std::pair<event_kind, std::uint32_t>>{
                    {event_kind::retry, 0},
                    {event_kind::retry, 1},
                    {event_kind::fallback, 2}});
}

TEST_CASE("An item that fails ends the step and the other items", "[each]") {
  const naps node{{1, -2, 3, 4, 5}};
  lone_step step{each(node, {.concurrency = 2})};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1s) == status::exec_failed);
  CHECK(step.failure() == "item -2");
  // Item 2 had begun when item 0 ended; those after it had not.
  CHECK(node.log->calls <= 3);
  CHECK(counted::alive() == 0);
  CHECK(step.host().waiting() == 0);
}

TEST_CASE("A time limit is one for each item", "[each]") {
  const naps_over node{{{1, 2}}};
  lone_step step{each(node), {.timeout = 500ms}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1s) == status::done);
  CHECK(results_of(step) == troupe::value::array({-1, -2}));
  CHECK(counted::alive() == 0);
}

TEST_CASE("A batch node may be dropped whatever its items wait for", "[each]") {
  for (int passed = 0; passed <= 8; ++passed) {
    lone_step step{each(naps_over{{{1, -2, 3, -4}}}, {.concurrency = 2}),
                   {.retry = {.attempts = 2, .wait = 1s}}};
    auto at = step.begin();
    for (int i = 0; i < passed && at == status::suspended; ++i) {
      at = step.after(1s);
    }
    step.drop();
    CHECK(counted::alive() == 0);
    CHECK(step.host().waiting() == 0);
    CHECK(step.host().timers() == 0);
  }
}

TEST_CASE("JSON can be the list of items, null means none", "[each]") {
  struct from_state {
    troupe::json prep(const state& shared) const {
      return shared.at("items").to_json();
    }
    int exec(const troupe::value& item) const { return item.get<int>(); }
    void post(state& shared, const std::vector<troupe::value>&,
              std::vector<int> results) const {
      shared.set("results", results);
    }
  };
  lone_step list{each(from_state{}), {}, {{"items", troupe::json{1, 2}}}};
  CHECK(list.begin() == status::done);
  CHECK(results_of(list) == troupe::value::array({1, 2}));
  lone_step none{each(from_state{}), {}, {{"items", nullptr}}};
  CHECK(none.begin() == status::done);
  CHECK(results_of(none) == troupe::value::array());
  lone_step wrong{each(from_state{}), {}, {{"items", 3}}};
  CHECK(wrong.begin() == status::failed);
  CHECK(wrong.failure() == "the items must be an array, got a number");
}

TEST_CASE("Items that a list gives by value are kept while they run",
          "[each]") {
  const bool in_time = GENERATE(true, false);
  lone_step step{each(doubled{}, {.concurrency = 5}),
                 {.timeout = in_time ? 2s : 500ms}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1s) == status::done);
  CHECK(step.shared().at("out") ==
        (in_time ? troupe::value::array({2, 0, 2, 2, 0})
                 : troupe::value::array({1, 0, 1, 1, 0})));
}

#if !defined(__clang__) || __clang_major__ >= 16
TEST_CASE("A view can be the list of items", "[each]") {
  lone_step step{each(texts_of_view{})};
  CHECK(step.begin() == status::done);
  CHECK(step.shared().at("out") == troupe::value::array({"0", "1", "2"}));
}
#endif

TEST_CASE("A batch node with no room for an item is refused", "[each]") {
  CHECK_THROWS_AS(each(plain{}, {.concurrency = 0}), troupe::error);
}
