#include "file/store_place.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"
#include "support/store/store_place.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include <SQLiteCpp/Database.h>
#include <fstream>

using namespace troupe_test;
using troupe::errc;

namespace {

/// The text of the refusal to open a file.
std::string refusal(const std::filesystem::path& file) {
  std::string text;
  CHECK(code_of([&] { (void)troupe::sqlite(file); }, &text) ==
        errc::store_failed);
  CHECK(text.find(file.filename().string()) != std::string::npos);
  return text;
}

bool has_text(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

void make_store(const std::filesystem::path& file, const std::string& run) {
  const auto store = troupe::sqlite(file);
  begin(*store, record_of(run), {step_of(0)});
}

}  // namespace

TEST_CASE("a second owner is refused, and told who the first is") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);

  const auto text = refusal(place.file);

  CHECK(has_text(text, "process " + std::to_string(getpid()) + " on host '"));
  CHECK(troupe::read_store_info(place.file).owner->process == getpid());
}

TEST_CASE("a file that is no store is refused with what to do") {
  const store_place place;

  SECTION("no database") {
    std::ofstream{place.file} << std::string(5'000, 'x');
    CHECK(has_text(refusal(place.file), "not a database"));
  }
  SECTION("a database of another program") {
    SQLite::Database other{place.file.string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    other.exec("CREATE TABLE t(x)");
    CHECK(has_text(refusal(place.file), "of another program"));
  }
  SECTION("a newer schema") {
    make_store(place.file, "r");
    SQLite::Database newer{place.file.string(), SQLite::OPEN_READWRITE};
    newer.exec("PRAGMA user_version=7");
    CHECK(has_text(refusal(place.file), "schema version 7"));
    std::string text;
    CHECK(code_of([&] { (void)troupe::read_store(place.file); }, &text) ==
          errc::store_failed);
    CHECK(has_text(text, "use a newer program"));
  }
  SECTION("a damaged file") {
    make_store(place.file, "r");
    std::fstream file{place.file,
                      std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4'096 * 3);
    file << std::string(4'096 * 6, '\x55');
    file.close();
    CHECK(has_text(refusal(place.file), "damaged"));
  }
  SECTION("read-only") {
    make_store(place.file, "r");
    std::filesystem::permissions(place.file,
                                 std::filesystem::perms::owner_read);
    CHECK(has_text(refusal(place.file), "read-only"));
  }
  SECTION("a directory that is missing") {
    CHECK(has_text(refusal(place.folder / "none" / "runs.db"), "make it"));
  }
  SECTION("a directory") {
    CHECK(has_text(refusal(place.folder), "not a file"));
  }
}

TEST_CASE("file systems over a network are known by their numbers") {
  CHECK(troupe::detail::network_file_system(0x6969) == "NFS");
  CHECK(troupe::detail::network_file_system(0x65735546) == "FUSE");
  CHECK(troupe::detail::network_file_system(
            static_cast<std::int32_t>(0xFF534D42)) == "CIFS");
  CHECK(troupe::detail::network_file_system(0xEF53).empty());
}

TEST_CASE("a file that went back in time is refused") {
  const store_place place;
  make_store(place.file, "r");
  std::filesystem::copy_file(place.file, place.folder / "old");
  make_store(place.file, "s");
  std::filesystem::copy_file(place.folder / "old", place.file,
                             std::filesystem::copy_options::overwrite_existing);

  CHECK(has_text(refusal(place.file), "older than it was"));

  troupe::sqlite_options options;
  options.changed = troupe::changed_file::adopted;
  CHECK(troupe::sqlite(place.file, options)->reader()->find("r"));
  make_store(place.file, "t");
}

TEST_CASE("another store in the place of a store is refused") {
  const store_place place;
  make_store(place.file, "r");
  make_store(place.folder / "other.db", "s");
  std::filesystem::rename(place.folder / "other.db", place.file);

  CHECK(has_text(refusal(place.file), "not the one that was here before"));
}

TEST_CASE("a copy of a store that is still there is refused") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  const auto copy = place.folder / "copy.db";
  troupe::backup_store(place.file, copy);

  CHECK(has_text(refusal(copy), "is a copy of '"));

  CHECK(troupe::read_store(copy)->find("r"));
  troupe::sqlite_options options;
  options.changed = troupe::changed_file::adopted;
  { const auto adopted = troupe::sqlite(copy, options); }
  const auto again = troupe::sqlite(copy);
  CHECK(again->reader()->find("r"));
}

TEST_CASE("a store that was moved goes on") {
  const store_place place;
  make_store(place.file, "r");
  std::filesystem::rename(place.file, place.folder / "moved.db");

  CHECK(troupe::sqlite(place.folder / "moved.db")->reader()->find("r"));
}

TEST_CASE("a file that is replaced while it is used is noticed") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  std::filesystem::rename(place.file, place.folder / "away");

  troupe::commit_result why;
  for (std::uint64_t i = 0; !why && i < 100'000; ++i) {
    why = commit_step(*store, "r", i);
  }

  REQUIRE(why);
  CHECK(has_text(why->message(), "was removed or replaced"));
}

TEST_CASE("a backup under load opens clean") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  std::uint64_t step = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 500; ++i) {
      troupe::run_commit what;
      what.run = "r";
      what.entries.push_back(step_of(step++));
      what.change.steps_more = 1;
      store->submit(what);
    }
    const auto copy = place.folder / ("copy" + std::to_string(round));
    troupe::backup_store(place.file, copy);
    CHECK(troupe::check_store(copy).empty());
    CHECK(code_of([&] { troupe::backup_store(place.file, copy); }) ==
          errc::store_failed);
  }
}

TEST_CASE("a check tells gaps and missing parts") {
  const store_place place;
  {
    const auto store = troupe::sqlite(place.file);
    auto run = record_of("r");
    run.input.parts.push_back({"h", "bytes"});
    begin(*store, run, {step_of(0), step_of(1), step_of(2)});
  }
  CHECK(troupe::check_store(place.file).size() == 1);
  {
    SQLite::Database file{place.file.string(), SQLite::OPEN_READWRITE};
    file.exec("DELETE FROM log WHERE number = 1");
    file.exec("DELETE FROM entry_index WHERE number = 2");
    file.exec("DELETE FROM parts");
  }

  const auto found = troupe::check_store(place.file);

  REQUIRE(found.size() == 4);
  CHECK(has_text(found[0], "entry 1 of the run 'r': it is missing"));
  CHECK(has_text(found[1], "entry 3 of the run 'r': the one before it"));
  CHECK(has_text(found[2], "no index knows the entry 2"));
  CHECK(has_text(found[3], "a part that it uses is missing"));
}

TEST_CASE("a store of the first schema version is opened") {
  const store_place place;
  std::filesystem::copy_file("tests/data/store/version_1.db", place.file);
  troupe::sqlite_options options;
  std::vector<std::string> notices;
  options.on_notice = [&](const std::string& text) { notices.push_back(text); };

  const auto store = troupe::sqlite(place.file, options);

  CHECK(notices.size() <= 1);
  const auto reader = store->reader();
  CHECK(reader->list({}).size() == 3);
  CHECK(reader->was_purged("purged"));
  CHECK(entries_of(*store, "at work").size() == 4);
  CHECK(
      reader->part(
          "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9") ==
      "hello world");
  CHECK(troupe::check_store(place.file).empty());
  CHECK(commit_step(*store, "at work", 3) == nullptr);
}

// Makes the file above: store_tests "a store for the tests of later versions".
TEST_CASE("a store for the tests of later versions", "[.]") {
  const store_place place;
  {
    const auto store = troupe::sqlite(place.file);
    auto run = record_of("at work", "{\"$part\":\"b94d\"}");
    run.input.parts.push_back(
        {"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
         "hello world"});
    begin(*store, run, {step_of(0), step_of(1), step_of(1), step_of(2)});
    begin(*store, record_of("ended"), {step_of(0)});
    begin(*store, record_of("purged"), {step_of(0)});
    end_run(*store, "purged");
    store->purge({});
    end_run(*store, "ended", troupe::run_status::failed);
    begin(*store, record_of("new"));
  }
  std::filesystem::copy_file(place.file, "version_1.db");
}
