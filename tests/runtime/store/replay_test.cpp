#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/entries.hpp"

#include <troupe/store/address.hpp>
#include <troupe/store/resume_point.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::error;
using troupe::log_entry;
using troupe::position;
using troupe::state;
using troupe::value;
using troupe::detail::attempt_form;
using troupe::detail::effect_form;
using troupe::detail::replay;
using troupe::detail::resume_point;
using troupe::detail::snapshot_form;
using troupe::detail::snapshot_rule;
using troupe_test::attempt_entry;
using troupe_test::begun_entry;
using troupe_test::code_of;
using troupe_test::effect_entry;
using troupe_test::ended_entry;
using troupe_test::item_entry;
using troupe_test::place;
using troupe_test::snapshot_entry;
using troupe_test::step_entry;
using troupe_test::write;
using entry_kind = troupe::log_entry::kind;
using branch_kind = troupe::branch_outcome::kind;
using stage = troupe::position::stage;

namespace {

std::shared_ptr<resume_point> replayed(const std::vector<log_entry>& entries) {
  replay reader{"r", state{{"n", 0}}, nullptr};
  std::uint64_t number = 0;
  for (const auto& each : entries) reader.add({++number, 0, each});
  return reader.take();
}

/// The text of the refusal of the last entry; those before it must fit.
std::string refusal_of_last(std::vector<log_entry> entries) {
  replay reader{"r", state{{"n", 0}}, nullptr};
  const auto last = std::move(entries.back());
  entries.pop_back();
  std::uint64_t number = 0;
  for (const auto& each : entries) reader.add({++number, 0, each});
  std::string text;
  CHECK(code_of(
            [&] {
              reader.add({++number, 0, last});
            },
            &text) == errc::store_failed);
  CHECK(text.find("the run 'r': entry " + std::to_string(number)) !=
        std::string::npos);
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a run without entries goes on from its beginning") {
  const auto point = replayed({});
  CHECK_FALSE(point->at);
  CHECK(point->steps == 0);
  CHECK(point->document.root().dump() == R"({"n":0})");
}

TEST_CASE("steps are performed in their order") {
  const auto point =
      replayed({step_entry(0, write("n", 1)),
                step_entry(1, write("n", 2), {}, place("third"))});
  CHECK(point->document.get<int>("n") == 2);
  CHECK(point->steps == 2);
  CHECK(point->at->path == std::vector<std::string>{"third"});
}

TEST_CASE("a step that is missing, or comes twice, is refused") {
  CHECK(has(refusal_of_last({step_entry(1, {})}), "step 0 is missing"));
  CHECK(has(refusal_of_last({step_entry(0, {}), step_entry(2, {})}),
            "step 1 is missing"));
  CHECK(has(refusal_of_last({step_entry(0, {}), step_entry(0, {})}),
            "comes twice"));
}

TEST_CASE("entries must come in the order of their numbers") {
  replay reader{"r", {}, nullptr};
  reader.add({7, 0, step_entry(0, {})});
  CHECK(code_of([&] {
          reader.add({7, 0, step_entry(1, {})});
        }) == errc::store_failed);
}

TEST_CASE("a snapshot comes first, and later ones must fit") {
  const snapshot_form all{place("x"), {{"n", 9}}, {}, 4};
  const auto point =
      replayed({snapshot_entry(41, all), step_entry(42, write("m", 1))});
  CHECK(point->document.root().dump() == R"({"m":1,"n":9})");
  CHECK(point->steps == 43);

  const auto kept =
      replayed({step_entry(0, write("n", 1)), snapshot_entry(0, all)});
  CHECK(kept->document.get<int>("n") == 1);
  CHECK(has(refusal_of_last({step_entry(0, {}), snapshot_entry(1, all)}),
            "step 1 is next"));
}

TEST_CASE("a snapshot that cannot be read is an error") {
  auto snapshot = snapshot_entry(3, {});
  snapshot.body.text = "{}";
  CHECK(has(refusal_of_last({snapshot}), "stored form of a snapshot"));
}

TEST_CASE("a failed attempt keeps what prep gave, until it begins anew") {
  const attempt_form first{place("a", stage::wait), 1'000, 1, value{7}};
  attempt_form second{place("a", stage::wait), 2'000, 2, {}};
  auto point = replayed({attempt_entry(0, first), attempt_entry(0, second)});
  CHECK(point->prepared == value{7});
  CHECK(point->due_ms == 2'000);
  CHECK(point->retries == 2);
  CHECK(point->at->at == stage::wait);

  second.then.at = stage::begin;
  point = replayed({attempt_entry(0, first), attempt_entry(0, second)});
  CHECK_FALSE(point->prepared);
}

TEST_CASE("a commit ends what is known of the step at work") {
  const attempt_form attempt{place("a", stage::wait), 1'000, 0, value{7}};
  std::vector<log_entry> entries{
      attempt_entry(0, attempt),
      item_entry(entry_kind::result, 0, 3, "r"),
      item_entry(entry_kind::item_taken, 0, 1, value::object({{"f", 1}})),
      ended_entry(0, 1),
      step_entry(0, write("a", 1), "0.2"),
      begun_entry(0, "pay"),
  };
  auto point = replayed(entries);
  CHECK(point->results.at(3) == "r");
  CHECK(point->taken.at(1).dump() == R"({"f":1})");
  CHECK(point->ended.at(1).how == branch_kind::finished);
  CHECK(point->branches.at(2)->wrote.size() == 1);
  CHECK(point->effects.size() == 1);

  entries.push_back(step_entry(0, {}));
  point = replayed(entries);
  CHECK(point->results.empty());
  CHECK(point->taken.empty());
  CHECK(point->ended.empty());
  CHECK(point->branches.empty());
  CHECK(point->effects.empty());
  CHECK_FALSE(point->prepared);
  CHECK(point->due_ms == 0);
}

TEST_CASE("entries of a sub-flow belong to its item, however deep") {
  const auto point = replayed({
      step_entry(0, {}),
      step_entry(0, write("a", 1), "1.17"),
      step_entry(1, write("a", 2), "1.17"),
      step_entry(0, write("b", 1), "1.17/2.0"),
      begun_entry(1, "pay", "1.17/2.0"),
  });
  const auto& item = *point->branches.at(17);
  CHECK(item.steps == 2);
  REQUIRE(item.wrote.size() == 2);
  CHECK(item.wrote[1] == write("a", 2));
  const auto& inner = *item.branches.at(0);
  CHECK(inner.steps == 1);
  CHECK(inner.effects.size() == 1);
}

TEST_CASE("a sub-flow goes with its item once that has finished") {
  const auto point = replayed({step_entry(0, {}, "0.1"), ended_entry(0, 1)});
  CHECK(point->branches.empty());
  CHECK(has(refusal_of_last({ended_entry(0, 1), ended_entry(0, 1)}),
            "item 1 has finished before"));
  CHECK(has(refusal_of_last({ended_entry(0, 1), step_entry(0, {}, "0.1")}),
            "item 1 has finished before"));
}

TEST_CASE("an item that failed may go on, begin anew, and end again") {
  const std::vector<log_entry> failed{step_entry(0, write("a", 1), "0.1"),
                                      begun_entry(1, "pay", "0.1"),
                                      ended_entry(0, 1, branch_kind::failed)};
  auto point = replayed(failed);
  CHECK(point->ended.at(1).how == branch_kind::failed);
  CHECK(point->branches.at(1)->effects.size() == 1);

  auto goes_on = failed;
  goes_on.push_back(step_entry(1, write("b", 1), "0.1"));
  point = replayed(goes_on);
  CHECK(point->ended.empty());
  CHECK(point->branches.at(1)->wrote.size() == 2);
  goes_on.push_back(ended_entry(0, 1));
  CHECK(replayed(goes_on)->ended.at(1).how == branch_kind::finished);

  auto anew = failed;
  anew.push_back(step_entry(0, write("c", 1), "0.1"));
  point = replayed(anew);
  REQUIRE(point->branches.at(1)->wrote.size() == 1);
  CHECK(point->branches.at(1)->wrote[0] == write("c", 1));
}

TEST_CASE("entries of sub-flows of committed steps are history") {
  const auto point =
      replayed({step_entry(0, {}, "0.1"), step_entry(0, {}),
                step_entry(1, {}, "0.1"), step_entry(0, {}, "0.1/5.5")});
  CHECK(point->branches.empty());
  CHECK(point->steps == 1);
  CHECK(has(refusal_of_last({step_entry(0, {}, "1.0")}), "step 0 is next"));
}

TEST_CASE("what ends late is skipped") {
  const effect_form done{1, {}};
  auto point = replayed(
      {begun_entry(0, "pay"), step_entry(0, {}), effect_entry(0, "pay", done)});
  CHECK(point->effects.empty());
  point = replayed({ended_entry(0, 1), effect_entry(0, "pay", done, "0.1")});
  CHECK(point->ended.size() == 1);
  CHECK(point->branches.empty());
  point = replayed({ended_entry(0, 1, branch_kind::failed),
                    effect_entry(0, "pay", done, "0.1")});
  CHECK(point->ended.size() == 1);
}

TEST_CASE("an effect is unknown until its end is") {
  const std::pair<std::uint64_t, std::string> key{log_entry::no_index, "pay"};
  auto point = replayed({begun_entry(0, "pay")});
  CHECK_FALSE(point->effects.at(key));
  point = replayed({begun_entry(0, "pay"), begun_entry(0, "pay"),
                    effect_entry(0, "pay", {value{"paid"}, {}})});
  CHECK(point->effects.at(key)->result == "paid");
}

TEST_CASE("an effect that has ended well neither begins nor ends again") {
  const effect_form done{1, {}};
  CHECK(has(
      refusal_of_last({effect_entry(0, "pay", done), begun_entry(0, "pay")}),
      "'pay' has ended before"));
  CHECK(has(refusal_of_last(
                {effect_entry(0, "pay", done), effect_entry(0, "pay", done)}),
            "'pay' has ended before"));
  const effect_form failed{{}, error{errc::bad_reply, "no"}};
  const auto point =
      replayed({effect_entry(0, "pay", failed), begun_entry(0, "pay")});
  CHECK_FALSE(point->effects.begin()->second);
}

TEST_CASE("an item keeps its params") {
  const auto taken = [](int n) {
    return item_entry(entry_kind::item_taken, 0, 1, value::object({{"f", n}}));
  };
  CHECK(replayed({taken(1), taken(1)})->taken.size() == 1);
  CHECK(has(refusal_of_last({taken(1), taken(2)}), "another one before"));
}

TEST_CASE("entries that name what is not there are refused") {
  CHECK(has(refusal_of_last({attempt_entry(1, {})}), "step 0 is next"));
  auto unnamed = ended_entry(0, 1);
  unnamed.index = log_entry::no_index;
  CHECK(has(refusal_of_last({unnamed}), "names no item"));
  auto other = ended_entry(0, 1);
  other.index = 2;
  CHECK(has(refusal_of_last({other}), "the end of item 1"));
  auto writes = step_entry(0, write("/n/deep", 1));
  CHECK(has(refusal_of_last({writes}), "step of step 0"));
  for (const auto* each :
       {"1", "1.", ".1", "x", "0.1/", "/0.1", "0.01", "0.1//0.1", "-1.0",
        "0.99999999999999999999", "0.1 "}) {
    CHECK(has(refusal_of_last({step_entry(0, {}, each)}), "invalid address"));
  }
}

TEST_CASE("an address is read as it was made") {
  using troupe::detail::address_around;
  using troupe::detail::address_within;
  using troupe::detail::parts_of_address;
  const auto inner = address_within(address_within({}, {3, 17}), {0, 2});
  CHECK(inner == "3.17/0.2");
  CHECK(parts_of_address(inner) ==
        std::vector<troupe::detail::address_part>{{3, 17}, {0, 2}});
  CHECK(parts_of_address("").empty());
  CHECK(address_around(inner) == "3.17");
  CHECK(address_around("3.17").empty());
}

TEST_CASE("a snapshot is due when what follows weighs as much") {
  snapshot_rule rule;
  CHECK_FALSE(rule.is_due_after(snapshot_rule::snapshot_min - 1));
  CHECK(rule.is_due_after(1));
  rule.on_snapshot(1'000'000);
  CHECK_FALSE(rule.is_due_after(999'999));
  CHECK(rule.is_due_after(1));
  rule.on_snapshot(10);
  CHECK_FALSE(rule.is_due_after(snapshot_rule::snapshot_min - 1));
  CHECK(rule.is_due_after(~std::size_t{0}));
}
