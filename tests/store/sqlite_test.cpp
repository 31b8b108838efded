#include "support/catch.hpp"
#include "support/store/store_place.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include <future>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

using namespace troupe_test;
using troupe::begun_run;
using troupe::durability;
using troupe::errc;
using troupe::log_entry;
using troupe::run_status;

TEST_CASE("a run is found again with all that was said of it") {
  const store_place place;
  auto run = record_of("r1", "{\"n\":1}");
  run.parent = "p";
  run.parent_key = "p:3";
  run.forked_from = "f";
  run.forked_at = 12;
  run.options = "{\"x\":1}";
  run.deadline_ms = 99;
  run.created_ms = 5;
  run.how = durability::full;
  {
    const auto store = troupe::sqlite(place.file);
    CHECK(begin(*store, run).how == begun_run::kind::created);
  }

  const auto store = troupe::sqlite(place.file);
  const auto found = store->reader()->find("r1");

  REQUIRE(found);
  CHECK(found->flow == "orders");
  CHECK(found->version == "7");
  CHECK(found->shape == run.shape);
  CHECK(found->input == run.input);
  CHECK(found->params == run.params);
  CHECK(found->options == run.options);
  CHECK(found->parent == "p");
  CHECK(found->parent_key == "p:3");
  CHECK(found->forked_from == "f");
  CHECK(found->forked_at == 12);
  CHECK(found->deadline_ms == 99);
  CHECK(found->created_ms == 5);
  CHECK(found->how == durability::full);
  CHECK(found->status == run_status::running);
}

TEST_CASE("entries come back in their order, bit for bit, with numbers") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"), {step_of(0, "first")});
  const std::string odd{"a\0b\xC3\xA4", 5};
  troupe::run_commit what;
  what.run = "r";
  what.entries.push_back(step_of(1, odd));
  auto effect = step_of(1, "null");
  effect.what = log_entry::kind::effect_begun;
  effect.address = "3.17/0.2";
  effect.index = 4;
  effect.name = "pay; DROP TABLE log";
  what.entries.push_back(effect);
  what.change.steps_more = 1;
  CHECK(commit(*store, what) == nullptr);

  const auto found = entries_of(*store, "r");

  REQUIRE(found.size() == 3);
  CHECK(found[0].number == 1);
  CHECK(found[0].entry.body.text == "first");
  CHECK(found[0].entry.index == log_entry::no_index);
  CHECK(found[1].entry.body.text == odd);
  CHECK(found[2].number == 3);
  CHECK(found[2].entry.what == log_entry::kind::effect_begun);
  CHECK(found[2].entry.address == effect.address);
  CHECK(found[2].entry.index == 4);
  CHECK(found[2].entry.name == effect.name);
  CHECK(store->reader()->find("r")->steps == 1);
}

TEST_CASE("a reader of entries begins and ends where it is told") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("other"), {step_of(0), step_of(1)});
  begin(*store, record_of("r"));
  begin(*store, record_of("third"), {step_of(0), step_of(1)});
  troupe::run_commit what;
  what.run = "r";
  for (int i = 0; i < 700; ++i) what.entries.push_back(step_of(i));
  REQUIRE(commit(*store, what) == nullptr);

  std::vector<std::uint64_t> numbers;
  store->reader()->entries("r", 100, 650, [&](const auto& each) {
    numbers.push_back(each.number);
    return each.number < 640;
  });

  REQUIRE(numbers.size() == 540);
  CHECK(numbers.front() == 101);
  CHECK(numbers.back() == 640);
}

TEST_CASE("the same id with the same input is the run that is there") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r", "1"));
  end_run(*store, "r");

  const auto same = begin(*store, record_of("r", "1"));
  const auto other = begin(*store, record_of("r", "1.0"));

  CHECK(same.how == begun_run::kind::known);
  REQUIRE(same.there);
  CHECK(same.there->status == run_status::finished);
  CHECK(other.how == begun_run::kind::conflict);
  CHECK(other.there->input.text == "1");
}

TEST_CASE("runs are listed by what they are") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  for (int i = 0; i < 5; ++i) {
    begin(*store, record_of("r" + std::to_string(i)));
  }
  end_run(*store, "r1", run_status::failed,
          R"({"failure":{"message":"no \"host\" in it"}})");
  end_run(*store, "r2");
  const auto ids = [&](const troupe::run_query& what) {
    std::string text;
    for (const auto& each : store->reader()->list(what)) text += each.id + " ";
    return text;
  };

  CHECK(ids({}) == "r0 r1 r2 r3 r4 ");
  CHECK(ids({.statuses = {run_status::running}}) == "r0 r3 r4 ");
  CHECK(ids({.flow = "other"}).empty());
  CHECK(ids({.failure = "no \"host"}) == "r1 ");
  CHECK(ids({.after = "r1", .limit = 2}) == "r2 r3 ");
  CHECK(ids({.created_before_ms = 1}).empty());
  const auto counts = store->reader()->counts();
  CHECK(counts == std::vector<std::uint64_t>{3, 0, 0, 1, 1, 0});
}

TEST_CASE("recoveries are counted, and those in vain until they are cleared") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  troupe::run_commit recovers;
  recovers.run = "r";
  recovers.change.recovers = true;
  commit(*store, recovers);
  commit(*store, recovers);
  CHECK(store->reader()->find("r")->recoveries_in_vain == 2);

  troupe::run_commit step;
  step.run = "r";
  step.entries.push_back(step_of(0));
  step.change.steps_more = 1;
  step.change.clears_recoveries = true;
  commit(*store, step);

  const auto found = store->reader()->find("r");
  CHECK(found->recoveries == 2);
  CHECK(found->recoveries_in_vain == 0);
  CHECK(found->steps == 1);
}

TEST_CASE("a commit that fails alone takes no other with it") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  std::promise<troupe::commit_result> failed;
  troupe::run_commit bad;
  bad.run = "nobody";
  bad.entries.push_back(step_of(0));
  bad.done = [&](const auto& result) { failed.set_value(result); };
  store->submit(bad);

  CHECK(commit_step(*store, "r", 0) == nullptr);

  const auto why = failed.get_future().get();
  REQUIRE(why);
  CHECK(why->code() == errc::store_failed);
  CHECK(why->message().find("has no run 'nobody'") != std::string::npos);
}

TEST_CASE("after a failed commit a run gets no gap") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  CHECK(commit_step(*store, "r", 0) == nullptr);
  troupe::run_commit bad;
  bad.run = "r";
  bad.entries.push_back(step_of(~std::uint64_t{0}));
  const auto why = commit(*store, bad);
  REQUIRE(why);
  CHECK(why->message().find("safe up to its step 1") != std::string::npos);

  CHECK(commit_step(*store, "r", 2) != nullptr);
  CHECK(end_run(*store, "r") != nullptr);

  troupe::run_commit resumes;
  resumes.run = "r";
  resumes.change.status = run_status::running;
  CHECK(commit(*store, resumes) == nullptr);
  CHECK(commit_step(*store, "r", 1) == nullptr);
  CHECK(entries_of(*store, "r").size() == 2);
}

TEST_CASE("after closing, commits fail and what was queued is there") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  for (int i = 0; i < 100; ++i) {
    troupe::run_commit what;
    what.run = "r";
    what.entries.push_back(step_of(i));
    store->submit(what);
  }
  store->close();

  CHECK(commit_step(*store, "r", 100)->code() == errc::shut_down);
  CHECK(begin(*store, record_of("s")).failure->code() == errc::shut_down);
  CHECK(entries_of(*store, "r").size() == 100);
}

TEST_CASE("all files of a store are for its user alone") {
  const store_place place;
  const auto before = ::umask(0);
  {
    const auto store = troupe::sqlite(place.file);
    begin(*store, record_of("r"));
    int files = 0;
    for (const auto& each : std::filesystem::directory_iterator{place.folder}) {
      INFO(each.path());
      struct stat found {};
      REQUIRE(::stat(each.path().c_str(), &found) == 0);
      CHECK((found.st_mode & 0777) == 0600);
      ++files;
    }
    CHECK(files == 5);
    troupe::backup_store(place.file, place.folder / "copy");
    struct stat found {};
    REQUIRE(::stat((place.folder / "copy").c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }
  ::umask(before);
}

TEST_CASE("a commit that comes alone is written by its own thread") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  const auto caller = std::this_thread::get_id();
  std::uint64_t step = 0;
  bool is_own = false;
  while (!is_own && step < 10'000) {
    troupe::run_commit what;
    what.run = "r";
    what.entries.push_back(step_of(step));
    what.change.steps_more = 1;
    std::promise<bool> ended;
    what.done = [&](const auto& result) {
      ended.set_value(result == nullptr &&
                      std::this_thread::get_id() == caller);
    };
    store->submit(std::move(what));
    is_own = ended.get_future().get();
    ++step;
  }

  CHECK(is_own);
  CHECK(store->reader()->find("r")->steps == step);
}

TEST_CASE("commits of several threads are each written once, in order") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  constexpr std::uint64_t steps = 500;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    begin(*store, record_of("r" + std::to_string(i)));
  }
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&store, run = "r" + std::to_string(i)] {
      for (std::uint64_t at = 0; at < steps; ++at) {
        commit_step(*store, run, at);
      }
    });
  }
  for (auto& each : threads) each.join();

  const auto reader = store->reader();
  for (int i = 0; i < 3; ++i) {
    const auto run = "r" + std::to_string(i);
    CHECK(reader->find(run)->steps == steps);
    std::uint64_t next = 0;
    reader->entries(run, 0, ~std::uint64_t{0}, [&](const auto& each) {
      CHECK(each.entry.step == next++);
      return true;
    });
    CHECK(next == steps);
  }
  store->close();
  CHECK(troupe::check_store(place.file).empty());
}
