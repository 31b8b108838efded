// Objects and arrays of many nodes, written to at random and compared with
// plain containers.

#include "support/catch.hpp"

#include <troupe/state.hpp>

#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using troupe::state;
using troupe::value;

namespace {

/// Keys that differ within their first eight bytes, and behind them.
std::string large_key(std::size_t number) {
  return std::string(number % 3 * 5, 'x') + std::to_string(number * 7919 % 997);
}

std::map<std::string, int> members_of(const value& object) {
  std::map<std::string, int> all;
  std::string last;
  for (const auto [key, item] : object.members()) {
    CHECK((all.empty() || last < key));
    last = key;
    all.emplace(key, item.get<int>());
  }
  return all;
}

std::vector<int> elements_of(const value& array) {
  std::vector<int> all;
  for (const value& item : array) all.push_back(item.get<int>());
  return all;
}

}  // namespace

TEST_CASE("a large object is what a map is, whatever is written", "[state]") {
  const unsigned seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  std::mt19937 random{seed};
  state shared;
  std::map<std::string, int> model;
  std::vector<std::pair<value, std::map<std::string, int>>> snapshots;
  for (int i = 0; i != 1600; ++i) {
    const std::string key = large_key(random() % 500);
    // It grows, and shrinks to nothing.
    if (random() % 1600 >= static_cast<unsigned>(i)) {
      shared.set(key, i);
      model[key] = i;
    } else {
      CHECK(shared.erase(key) == (model.erase(key) > 0));
    }
    REQUIRE(shared.size() == model.size());
    if (i % 8 == 0) shared.root().check();
    if (i % 200 == 0) snapshots.emplace_back(shared.root(), model);
  }
  while (!model.empty()) {
    const auto any = std::next(
        model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
    CHECK(shared.get<int>(any->first) == any->second);
    CHECK(shared.erase(any->first));
    model.erase(any);
    if (model.size() % 8 == 0) shared.root().check();
  }
  CHECK(shared.empty());
  for (const auto& [then, expected] : snapshots) {
    then.check();
    CHECK(members_of(then) == expected);
  }
}

TEST_CASE("a large array is what a vector is, whatever is written", "[state]") {
  const unsigned seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  std::mt19937 random{seed};
  state shared;
  shared.set("list", value::array());
  std::vector<int> model;
  std::vector<std::pair<value, std::vector<int>>> snapshots;
  for (int i = 0; i != 1600; ++i) {
    const auto position = model.empty() ? 0 : random() % model.size();
    const std::string place = "/list/" + std::to_string(position);
    const auto chance = random() % 1600;
    if (model.empty() || chance >= static_cast<unsigned>(i)) {
      shared.append("list", i);
      model.push_back(i);
    } else if (chance % 3 == 0) {
      shared.set(place, i);
      model[position] = i;
    } else {
      CHECK(shared.erase(place));
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(position));
    }
    REQUIRE(shared.at("list").size() == model.size());
    if (i % 8 == 0) shared.root().check();
    if (i % 200 == 0) snapshots.emplace_back(shared.at("list"), model);
  }
  for (std::size_t i = 0; i != model.size(); ++i) {
    CHECK(shared.get<int>("/list/" + std::to_string(i)) == model[i]);
  }
  while (!model.empty()) {
    const auto position = random() % model.size();
    CHECK(shared.erase("/list/" + std::to_string(position)));
    model.erase(model.begin() + static_cast<std::ptrdiff_t>(position));
    if (model.size() % 8 == 0) shared.root().check();
  }
  CHECK(shared.at("list").empty());
  for (const auto& [then, expected] : snapshots) {
    then.check();
    CHECK(elements_of(then) == expected);
  }
}

TEST_CASE("a large object knows how deep it is", "[state]") {
  state shared;
  for (std::size_t i = 0; i != 300; ++i) shared.set(large_key(i), i);
  const std::string key = large_key(150);
  for (int depth = 1; depth != 6; ++depth) {
    value nested = 1;
    for (int i = 0; i != depth; ++i) nested = value::array({1, nested});
    shared.set(key, nested);
    CHECK(shared.root().depth() == static_cast<std::size_t>(depth) + 1);
    shared.root().check();
    shared.set("/" + key + "/1", 1);
    CHECK(shared.root().depth() == 2);
    shared.root().check();
    CHECK(shared.erase(key));
    CHECK(shared.root().depth() == 1);
    shared.root().check();
  }
}
