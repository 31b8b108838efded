#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/entries.hpp"
#include "support/store/memory_store.hpp"

#include <troupe/store/resume_point.hpp>

#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::log_entry;
using troupe::run_commit;
using troupe::run_record;
using troupe::state;
using troupe::value;
using troupe::detail::read_at;
using troupe::detail::read_resume_point;
using troupe::detail::snapshot_form;
using troupe::detail::stored_form;
using troupe_test::code_of;
using troupe_test::ended_entry;
using troupe_test::memory_store;
using troupe_test::place;
using troupe_test::snapshot_entry;
using troupe_test::step_entry;
using troupe_test::write;
using branch_kind = troupe::branch_outcome::kind;

namespace {

run_record record_of(const std::string& id) {
  run_record made;
  made.id = id;
  made.flow = "flow";
  made.input = stored_form(value::object({{"n", 0}}));
  made.params = stored_form(value::object());
  return made;
}

void commit(memory_store& to, std::vector<log_entry> entries) {
  run_commit what;
  what.run = "r";
  what.entries = std::move(entries);
  to.submit(std::move(what));
}

/// Each step writes its number; every third one is followed by a snapshot.
void commit_steps(memory_store& to, int count) {
  for (int i = 0; i < count; ++i) {
    const auto step = static_cast<std::uint64_t>(i);
    std::vector<log_entry> entries{step_entry(step, write("n", i))};
    if (i % 3 == 2) {
      entries.push_back(
          snapshot_entry(step, {place("next"), state{{"n", i}}, {}, 0}));
    }
    commit(to, std::move(entries));
  }
}

struct stored_run {
  stored_run() { store.begin(record_of("r"), {}, nullptr); }

  snapshot_form at(std::string_view address, std::uint64_t step) {
    const auto reader = store.reader();
    return read_at(*reader, *reader->find("r"), address, step);
  }
  std::shared_ptr<troupe::detail::resume_point> point() {
    const auto reader = store.reader();
    return read_resume_point(*reader, *reader->find("r"));
  }

  memory_store store;
};

}  // namespace

TEST_CASE("a run goes on from its last snapshot and what follows") {
  stored_run run;
  CHECK(run.point()->document.get<int>("n") == 0);
  commit_steps(run.store, 8);
  const auto point = run.point();
  CHECK(point->document.get<int>("n") == 7);
  CHECK(point->steps == 8);
}

TEST_CASE("the state after each step can be read") {
  stored_run run;
  commit_steps(run.store, 10);
  for (int i = 0; i < 10; ++i) {
    CHECK(run.at("", static_cast<std::uint64_t>(i)).document.get<int>("n") ==
          i);
  }
  std::string text;
  CHECK(code_of([&] { (void)run.at("", 10); }, &text) == errc::missing_key);
  CHECK(text.find("has no step 10") != std::string::npos);
}

TEST_CASE("a step before the first snapshot of a fork is not there") {
  stored_run run;
  commit(run.store,
         {snapshot_entry(4, {place("next"), state{{"n", 4}}, {}, 0})});
  commit(run.store, {step_entry(5, write("n", 5))});
  CHECK(run.at("", 4).document.get<int>("n") == 4);
  CHECK(run.at("", 5).document.get<int>("n") == 5);
  CHECK(code_of([&] { (void)run.at("", 3); }) == errc::missing_key);
  CHECK(run.point()->steps == 6);
}

TEST_CASE("the writes of a sub-flow up to a step can be read") {
  stored_run run;
  commit(run.store, {step_entry(0, write("n", 1))});
  commit(run.store, {step_entry(0, write("/deep/a", 1), "1.0")});
  commit(run.store, {step_entry(0, write("/deep/b", 1), "1.1")});
  commit(run.store, {step_entry(1, write("/deep/a", 2), "1.0")});
  commit(run.store, {step_entry(0, write("/deep/c", 3), "1.0/2.0")});
  auto first = run.at("1.0", 0);
  CHECK(first.wrote == write("/deep/a", 1));
  CHECK(run.at("1.0", 1).wrote == write("/deep/a", 2));
  CHECK(run.at("1.0", 1).document.root().dump() == R"({"deep":{"a":2},"n":1})");
  CHECK(run.at("1.0/2.0", 0).document.root().dump() ==
        R"({"deep":{"a":2,"c":3},"n":1})");
  CHECK(code_of([&] { (void)run.at("1.0", 2); }) == errc::missing_key);
  CHECK(code_of([&] { (void)run.at("1.5", 0); }) == errc::missing_key);
}

TEST_CASE("a sub-flow sees what the items before it wrote") {
  stored_run run;
  commit(run.store, {step_entry(0, write("/list/0", 1), "0.0")});
  commit(run.store, {ended_entry(0, 0, branch_kind::finished,
                                 write("list", value::array({1})))});
  state list{{"list", value::array({1})}};
  list.record();
  list.append("list", 2);
  commit(run.store, {step_entry(0, list.take_delta(), "0.1")});
  CHECK(run.at("0.1", 0).document.root().dump() == R"({"list":[1,2],"n":0})");
}

TEST_CASE("a crash leaves what is committed") {
  stored_run run;
  commit_steps(run.store, 2);
  run.store.hold_back();
  commit_steps(run.store, 0);
  commit(run.store, {step_entry(2, write("n", 2))});
  const auto next_life = run.store.copy();
  const auto reader = next_life->reader();
  CHECK(read_resume_point(*reader, *reader->find("r"))->steps == 2);
  run.store.release_all();
  CHECK(run.point()->steps == 3);
}

TEST_CASE("the store of tests tells the beginnings of an id apart") {
  using kind = troupe::begun_run::kind;
  memory_store store;
  const auto begin = [&](run_record what) {
    kind seen{};
    store.begin(std::move(what), {},
                [&](troupe::begun_run made) { seen = made.how; });
    return seen;
  };
  CHECK(begin(record_of("a")) == kind::created);
  CHECK(begin(record_of("a")) == kind::known);
  auto other = record_of("a");
  other.input = stored_form(value::object({{"n", 0.0}}));
  CHECK(begin(other) == kind::conflict);
  run_commit end;
  end.run = "a";
  end.change.status = troupe::run_status::finished;
  store.submit(std::move(end));
  CHECK(store.purge({}) == 1);
  CHECK(begin(record_of("a")) == kind::purged);
  store.fail_from(0);
  CHECK(begin(record_of("b")) == kind::failed);
}

TEST_CASE("the store of tests fails the commit that it is told to") {
  stored_run run;
  run.store.fail_at(2);
  std::string text;
  run_commit what;
  what.run = "r";
  what.done = [&](const troupe::commit_result& fault) {
    text = fault ? fault->message() : "";
  };
  run.store.submit(what);
  CHECK(text.find("commit 2 fails") == 0);
  run.store.submit(what);
  CHECK(text.empty());
  run.store.close();
  run.store.submit(what);
  CHECK(text == "the store was closed");
}
