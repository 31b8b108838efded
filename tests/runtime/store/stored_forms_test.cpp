#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/random_value.hpp"

#include <troupe/json_text.hpp>
#include <troupe/state.hpp>
#include <troupe/store/stored_forms.hpp>

#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using troupe::delta;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::position;
using troupe::state;
using troupe::stored_text;
using troupe::value;
using troupe::detail::attempt_form;
using troupe::detail::branch_end;
using troupe::detail::branch_end_from;
using troupe::detail::effect_form;
using troupe::detail::end_form;
using troupe::detail::part_source;
using troupe::detail::snapshot_form;
using troupe::detail::step_form;
using troupe::detail::stored_form;
using troupe::detail::value_from;
using troupe_test::code_of;
using troupe_test::random_values;

namespace {

/// The parts of a form, as a store has them: apart from its text.
struct stored {
  explicit stored(stored_text from) : text(std::move(from)) {
    for (auto& each : text.parts) parts[each.hash] = each.bytes;
    text.parts.clear();
  }
  part_source source() const {
    return
        [this](std::string_view hash) { return parts.at(std::string{hash}); };
  }

  stored_text text;
  std::map<std::string, std::string> parts;
};

value read_back(const value& from) {
  const stored kept{stored_form(from)};
  return value_from(kept.text, kept.source());
}

stored_text text_of(std::string text) { return {std::move(text), {}}; }

position place() {
  position made;
  made.path = {"outer", "in \"quotes\"", "\xc3\xa9"};
  made.at = position::stage::wait;
  made.steps = std::numeric_limits<std::uint64_t>::max();
  made.attempt = 3;
  made.deaths = 1;
  made.wait = std::chrono::seconds{2};
  made.action = "again";
  made.failure = error{errc::timed_out, "too late\n"}.at_node("a/b");
  made.was_cancelled = true;
  return made;
}

delta writes(const std::string& text) {
  state document{{"list", value::array({1})}, {"n", 1}};
  document.record();
  document.set("/a~1b/$part", text);
  document.append("/list", 2.0);
  document.add("/n", std::uint64_t{1} << 63);
  document.erase("/gone");
  return document.take_delta();
}

}  // namespace

TEST_CASE("stored values come back bit for bit") {
  random_values values{20'261'130};
  for (int i = 0; i < 10'000; ++i) {
    const value from = values.next(i % 100 == 0 ? 12 : 4);
    INFO("value " << i << ": " << from);
    REQUIRE(read_back(from).dump() == from.dump());
  }
}

TEST_CASE("the stored form of a value is the same each time") {
  random_values values{7};
  const value from = values.object(6);
  CHECK(stored_form(from) == stored_form(value{from.to_json()}));
  CHECK(stored_form(1) != stored_form(1.0));
  CHECK(stored_form(0.0) != stored_form(-0.0));
}

TEST_CASE("a stored value nests as deep as a value may") {
  json form = 1;
  for (std::size_t i = 0; i < value::max_depth; ++i) {
    json outer = json::array();
    outer.push_back(std::move(form));
    form = std::move(outer);
  }
  const value deep{form};
  CHECK(read_back(deep).dump() == deep.dump());
  state document;
  document.record();
  document.set("deep", deep.at(std::size_t{0}));
  const step_form step{{}, {}, document.take_delta()};
  const stored kept{step.to_text()};
  CHECK(step_form::from(kept.text, kept.source()).wrote.to_json() ==
        step.wrote.to_json());
}

TEST_CASE("an escape is found wherever it is") {
  for (std::size_t before = 0; before < 20; ++before) {
    for (const char each : {'"', '\\', '\x1f', '\0'}) {
      const std::string text =
          std::string(before, 'a') + each + "\xc3\xbf ]" + each;
      CHECK(troupe::read_json(stored_form(text).text) == json(text));
    }
  }
}

TEST_CASE("control characters are written as JSON writes them") {
  for (char each = 0; each < 0x20; ++each) {
    const std::string text{'a', each, 'b'};
    CHECK(troupe::read_json(stored_form(text).text) == json(text));
  }
}

TEST_CASE("a text is kept apart from 4,096 bytes on") {
  const auto parts_of = [](std::size_t bytes) {
    return stored_form(value::array({std::string(bytes, 'x')})).parts.size();
  };
  CHECK(parts_of(4'095) == 0);
  CHECK(parts_of(4'096) == 1);
}

TEST_CASE("a large member is kept apart, and what it holds within it") {
  auto list = value::array();
  for (int i = 0; i < 2'000; ++i) list = std::move(list).appended(i);
  list = std::move(list).appended(std::string(5'000, 'x'));
  const value from = value::object({{"list", list}, {"n", 1}});
  const auto form = stored_form(from);
  CHECK(form.parts.size() == 2);
  CHECK(form.text.size() < 200);
  CHECK(read_back(from).dump() == from.dump());
}

TEST_CASE("equal parts are kept once") {
  const std::string text(10'000, 'x');
  const auto form = stored_form(value::array({text, text, text}));
  REQUIRE(form.parts.size() == 1);
  CHECK(form.parts.front().bytes.size() == text.size() + 2);
  CHECK(form.parts.front().hash.size() == 64);
}

TEST_CASE("the part of a text has the hash that SHA-256 gives") {
  const auto form = stored_form(std::string(4'096, 'a'));
  REQUIRE(form.parts.size() == 1);
  // printf '"%s"' "$(head -c 4096 /dev/zero | tr '\0' a)" | sha256sum
  CHECK(form.parts.front().hash ==
        "8f17a3d6e7166142a52be4ae34bea31c4845ba76a02ae44a57d45e289cf1514b");
}

TEST_CASE("a form brings its parts along") {
  const value from = std::string(5'000, 'x');
  CHECK(value_from(stored_form(from), nullptr) == from);
}

TEST_CASE("too much to store is refused for good") {
  const std::string megabytes(std::size_t{8} << 20, 'x');
  auto list = value::array();
  for (int i = 0; i < 40; ++i) list = std::move(list).appended(megabytes);
  try {
    (void)stored_form(list);
    FAIL("nothing was thrown");
  } catch (const error& why) {
    CHECK(why.code() == errc::too_large);
    CHECK(why.is_permanent());
  }
}

TEST_CASE("what is no stored value is refused") {
  const std::string hash(64, 'a');
  for (const std::string& each : {
           std::string{},
           std::string{"{"},
           std::string{"[1,]"},
           std::string{R"({"$":1})"},
           std::string{R"({"$other":1})"},
           std::string{R"({"$part":1})"},
           std::string{R"({"$part":"short"})"},
           R"({"$part":")" + hash + R"(","a":1})",
           R"({"$part":")" + hash + R"("})",
           std::string{"1e999"},
           std::string(600, '['),
       }) {
    INFO(each);
    CHECK(code_of([&] { (void)value_from(text_of(each), nullptr); }) ==
          errc::store_failed);
  }
}

TEST_CASE("parts that lead from one to the next are refused") {
  const std::string hash(64, 'a');
  const std::string text = R"([{"$part":")" + hash + R"("}])";
  const part_source itself = [&](std::string_view) { return text; };
  CHECK(code_of([&] { (void)value_from(text_of(text), itself); }) ==
        errc::store_failed);
}

TEST_CASE("parts count towards the size of a form") {
  const auto form = text_of(R"({"$part":")" + std::string(64, 'a') + R"("})");
  const part_source source = [](std::string_view) {
    return std::string(troupe::detail::stored_max, ' ');
  };
  std::string text;
  CHECK(code_of([&] { (void)value_from(form, source); }, &text) ==
        errc::store_failed);
  CHECK(text.find("more than") != std::string::npos);
}

TEST_CASE("an error of the source of parts is kept") {
  const auto form = text_of(R"({"$part":")" + std::string(64, 'a') + R"("})");
  std::string text;
  const part_source failing = [](std::string_view) -> std::string {
    throw error{errc::store_failed, "the disk is gone"};
  };
  CHECK(code_of([&] { (void)value_from(form, failing); }, &text) ==
        errc::store_failed);
  CHECK(text == "the disk is gone");
}

TEST_CASE("a position is written as its own form says") {
  const step_form step{place(), {}, {}};
  const json form = troupe::read_json(step.to_text().text);
  CHECK(form.at("then") == place().to_json());
}

TEST_CASE("a step comes back as it was") {
  for (const auto& text : {std::string{"short"}, std::string(9'000, 'x')}) {
    const step_form step{place(), "next", writes(text), 17};
    const stored kept{step.to_text()};
    CHECK(kept.parts.size() == (text.size() > 4'096 ? 1 : 0));
    const auto back = step_form::from(kept.text, kept.source());
    CHECK(back.then.to_json() == step.then.to_json());
    CHECK(back.action == step.action);
    CHECK(back.wrote.to_json() == step.wrote.to_json());
    CHECK(back.retries == 17);
  }
}

TEST_CASE("a write of the whole document keeps its large members apart") {
  state document;
  document.record();
  document.set(
      "", value::object({{"big", std::string(9'000, 'x')}, {"$small", 1}}));
  const step_form step{{}, {}, document.take_delta()};
  const stored kept{step.to_text()};
  CHECK(kept.parts.size() == 1);
  CHECK(step_form::from(kept.text, kept.source()).wrote.to_json() ==
        step.wrote.to_json());
}

TEST_CASE("an attempt, a snapshot and the ends come back as they were") {
  const attempt_form attempt{place(), 1'790'000'000'000, 2, value{nullptr}};
  const auto tried = attempt_form::from(attempt.to_text(), nullptr);
  CHECK(tried.then.to_json() == attempt.then.to_json());
  CHECK(tried.due_ms == attempt.due_ms);
  CHECK(tried.retries == 2);
  CHECK(tried.prepared == value{});
  CHECK_FALSE(attempt_form::from(attempt_form{}.to_text(), nullptr).prepared);

  const snapshot_form all{
      place(), {{"$a", std::string(9'000, 'x')}}, writes("b"), 3};
  const auto kept = snapshot_form::from(all.to_text(), nullptr);
  CHECK(kept.document.root().dump() == all.document.root().dump());
  CHECK(kept.wrote.to_json() == all.wrote.to_json());
  CHECK(kept.retries == 3);

  const effect_form given{value::array({1, 1.0}), {}};
  CHECK(effect_form::from(given.to_text(), nullptr).result.dump() == "[1,1.0]");
  const effect_form refused{{}, error{errc::bad_reply, "no"}};
  CHECK(effect_form::from(refused.to_text(), nullptr).failure->message() ==
        "no");

  const end_form end{"done", error{errc::cancelled, "stop"}};
  const auto ended = end_form::from(end.to_text());
  CHECK(ended.action == end.action);
  CHECK(ended.failure->code() == errc::cancelled);
  CHECK_FALSE(end_form::from(end_form{}.to_text()).failure);
}

TEST_CASE("the end of a sub-flow comes back as it was") {
  branch_end end;
  end.index = 17;
  end.how = troupe::branch_outcome::kind::failed;
  end.failure = std::make_shared<const error>(errc::node_threw, "no");
  end.wrote = writes("a");
  const auto back = branch_end_from(stored_form(end), nullptr);
  CHECK(back.index == 17);
  CHECK(back.how == end.how);
  CHECK(back.failure->message() == "no");
  CHECK(back.wrote.to_json() == end.wrote.to_json());
}

TEST_CASE("what is no form of a step is refused") {
  const auto refused = [](const std::string& text) {
    std::string said;
    const auto code =
        code_of([&] { (void)step_form::from(text_of(text), nullptr); }, &said);
    INFO(text << ": " << said);
    CHECK(said.find("cannot read the stored form of a step") == 0);
    CHECK(code == errc::store_failed);
  };
  const std::string then = R"({"path":[],"at":"begin","steps":1,"attempt":0})";
  refused("[]");
  refused("{}");
  refused(R"({"then":1})");
  refused(R"({"then":)" + then + R"(,"newer":1})");
  refused(R"({"then":)" + then + R"(,"wrote":1})");
  refused(R"({"then":)" + then + R"(,"wrote":[["set","/a"]]})");
  refused(R"({"then":)" + then + R"(,"wrote":[["set","a",1]]})");
  refused(R"({"then":)" + then + R"(,"wrote":[["set","/a",{"$":1}]]})");
  refused(R"({"then":)" + then + R"(,"action":1})");
  refused(R"({"then":)" + then + R"(,"retries":-1})");
  refused(R"({"then":)" + then + R"(,"retries":1.0})");
}

TEST_CASE("a name that is not UTF-8 is refused where it is written") {
  step_form step;
  step.action = "\xff";
  CHECK(code_of([&] { (void)step.to_text(); }) == errc::bad_value);
}

TEST_CASE("a step of 1 KB is written in microseconds", "[.][speed]") {
  using clock = std::chrono::steady_clock;  // tidy: allow clock
  state document;
  document.record();
  document.set("answer", std::string(1'000, 'x') + "\n\"quoted\"");
  position then;
  then.path = {"outer", "node"};
  then.steps = 12'345;
  const step_form step{then, "next", document.take_delta()};
  constexpr int rounds = 100'000;
  std::size_t bytes = 0;
  const auto begin = clock::now();
  for (int i = 0; i < rounds; ++i) bytes += step.to_text().text.size();
  const std::chrono::duration<double, std::micro> spent = clock::now() - begin;
  WARN(bytes / rounds << " bytes, " << spent.count() / rounds << " us");
}
