#include "support/catch.hpp"
#include "support/store/store_place.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include <thread>

using namespace troupe_test;
using troupe::begun_run;
using troupe::log_entry;
using troupe::run_status;

TEST_CASE("the id of a purged run is said") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"), {step_of(0)});
  begin(*store, record_of("at work"), {step_of(0)});
  end_run(*store, "r");

  CHECK(store->purge({}) == 1);

  CHECK(begin(*store, record_of("r")).how == begun_run::kind::purged);
  CHECK(store->reader()->was_purged("r"));
  CHECK_FALSE(store->reader()->was_purged("at work"));
  CHECK_FALSE(store->reader()->find("r"));
  CHECK(store->reader()->find("at work"));
  CHECK(troupe::check_store(place.file).empty());
}

TEST_CASE("a purge does not stop at the limit of a page") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  for (int i = 0; i < 2'500; ++i) {
    auto run = record_of("r" + std::to_string(i));
    run.status = run_status::finished;
    begin(*store, run, {step_of(0), step_of(1)});
  }

  CHECK(store->purge({}) == 2'500);

  CHECK(troupe::read_store_info(place.file).entries == 0);
}

TEST_CASE("a long run is purged in parts") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  for (int i = 0; i < 20; ++i) {
    troupe::run_commit what;
    what.run = "r";
    for (int j = 0; j < 1'000; ++j) {
      what.entries.push_back(step_of(i * 1'000 + j, std::string(100, 'x')));
    }
    store->submit(what);
  }
  end_run(*store, "r");

  CHECK(store->purge({}) == 1);

  CHECK(troupe::read_store_info(place.file).entries == 0);
  CHECK(troupe::check_store(place.file).empty());
}

TEST_CASE("large parts are stored once, and leave with the last run") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  const std::string bytes(10'000, 'x');
  troupe::stored_text text;
  text.text = "{\"$part\":\"...\"}";
  const std::string hash =
      "f5e8bf2e0d5f2ea44a7a1e0bd1ff0f6e4d2e1a6d7a5b0a6b9b6f3f1d7f1a2c3d";
  text.parts.push_back({hash, bytes});
  auto first = record_of("a");
  first.input = text;
  begin(*store, first);
  auto second = record_of("b");
  second.input = text;
  begin(*store, second);
  CHECK(troupe::read_store_info(place.file).parts == 1);
  end_run(*store, "a");
  end_run(*store, "b");

  // It is not what its hash says.
  CHECK_THROWS_AS(store->reader()->part(hash), troupe::error);
  CHECK(troupe::check_store(place.file).size() == 1);

  store->purge({});
  CHECK(troupe::read_store_info(place.file).parts == 0);
}

TEST_CASE("history before the last snapshots is deleted with its parts") {
  const store_place place;
  troupe::sqlite_options options;
  options.history_max = 10;
  const auto store = troupe::sqlite(place.file, options);
  begin(*store, record_of("r"));
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    troupe::run_commit what;
    what.run = "r";
    what.entries.push_back(step_of(i));
    what.entries.back().body.parts.push_back(
        {"hash" + std::to_string(i), std::string(5'000, 'x')});
    what.change.steps_more = 1;
    if (i % 5 == 4) {
      what.entries.push_back(step_of(i));
      what.entries.back().what = log_entry::kind::snapshot;
    }
    if (i < 999) {
      store->submit(what);
    } else {
      REQUIRE(commit(*store, what) == nullptr);
    }
  }
  // It deletes a part at a time, between groups.
  const auto parts = [&] { return troupe::read_store_info(place.file).parts; };
  for (int tries = 0; parts() >= 40 && tries < 50'000; ++tries) {
    std::this_thread::yield();
  }
  store->close();

  const auto found = entries_of(*store, "r");
  CHECK(found.size() < 40);
  CHECK(found.size() >= 12);
  CHECK(found.front().entry.what == log_entry::kind::snapshot);
  CHECK(found.back().number == 1'200);
  const auto reader = store->reader();
  CHECK(reader->find("r")->steps == 1'000);
  CHECK(reader->snapshot("r", "", 999)->entry.step == 999);
  CHECK(reader->snapshot("r", "", 998)->entry.step == 994);
  CHECK_FALSE(reader->snapshot("r", "", 500));
  CHECK_FALSE(reader->snapshot("r", "3.1", 999));
  CHECK(troupe::read_store_info(place.file).parts < 40);
}

TEST_CASE("ended runs beyond the number to keep are purged while idle") {
  const store_place place;
  troupe::sqlite_options options;
  options.retention["orders"].count = 3;
  const auto store = troupe::sqlite(place.file, options);
  for (int i = 0; i < 20; ++i) {
    const auto id = "r" + std::to_string(i);
    begin(*store, record_of(id));
    if (i != 0) end_run(*store, id);
  }
  const auto left = [&] { return store->reader()->list({}).size(); };
  for (int tries = 0; left() > 4 && tries < 500'000; ++tries) {
    // Gives the store something to do, as a clock would.
    commit_step(*store, "r0", static_cast<std::uint64_t>(tries));
  }

  CHECK(left() == 4);
  CHECK(store->reader()->find("r0"));
  CHECK(store->reader()->find("r19"));
}

TEST_CASE("a store is compacted while it is used") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  for (int i = 0; i < 200; ++i) {
    auto run = record_of("r" + std::to_string(i));
    run.status = run_status::finished;
    begin(*store, run, {step_of(0, std::string(20'000, 'x'))});
  }
  store->purge({});
  const auto before = troupe::read_store_info(place.file);
  CHECK(before.free_bytes > 3'000'000);

  const auto bytes = troupe::compact_store(place.file);

  const auto info = troupe::read_store_info(place.file);
  CHECK(bytes >= before.free_bytes - 8'192);
  CHECK(info.free_bytes <= 8'192);
  CHECK(info.file_bytes < 300'000);
  CHECK(troupe::check_store(place.file).empty());
}
