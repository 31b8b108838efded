#include "support/catch.hpp"
#include "support/store/faulty_disk.hpp"
#include "support/store/store_place.hpp"

#include "writing/sqlite_store.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include <atomic>
#include <random>

using namespace troupe_test;
using troupe::durability;
using troupe::errc;

namespace {

/// The steps that were reported as committed, of a run in each mode.
struct reported {
  std::atomic<std::uint64_t> full{0};
  std::atomic<std::uint64_t> normal{0};
};

constexpr int lives = 2;
constexpr int steps_of_life = 4;

/// Some commits, in several lives of a store. Those after a fault may fail.
void work(const store_place& place, const faulty_disk& disk, reported& told) {
  const std::string body(3'000, 'x');
  std::uint64_t next = 0;
  for (int life = 0; life < lives; ++life) {
    const auto store = troupe::detail::open_sqlite(place.file, {}, disk.name());
    begin(*store, record_of("full"));
    begin(*store, record_of("normal"));
    for (int i = 0; i < steps_of_life; ++i, ++next) {
      if (!commit_step(*store, "normal", next, durability::normal, body)) {
        ++told.normal;
      }
      if (!commit_step(*store, "full", next, durability::full, body)) {
        ++told.full;
      }
    }
  }
}

/// The number of operations that the work takes.
std::uint64_t operations_of_work() {
  const store_place place{"count"};
  const faulty_disk disk;
  reported told;
  work(place, disk, told);
  CHECK(told.full == lives * steps_of_life);
  return disk.operations();
}

std::uint64_t steps_in(troupe::run_store& store, const std::string& run) {
  const auto found = store.reader()->find(run);
  return found ? found->steps : 0;
}

}  // namespace

TEST_CASE("a loss of power takes no step of a full run, and damages nothing") {
  const auto operations = operations_of_work();
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const store_place place{"before"};
    const store_place after{"after"};
    faulty_disk disk;
    reported told;
    std::uint64_t full = 0;
    disk.lose_power_at(1 + random() % operations,
                       [&] { full = told.full.load(); });
    work(place, disk, told);
    REQUIRE(disk.restore(after.folder, random));

    troupe::sqlite_options options;
    options.changed = troupe::changed_file::adopted;
    const auto store = troupe::sqlite(after.file, options);

    CHECK(steps_in(*store, "full") >= full);
    const auto normal = steps_in(*store, "normal");
    if (normal > 0) CHECK(entries_of(*store, "normal").size() == normal);
    CHECK(troupe::check_store(after.file).empty());
  }
}

TEST_CASE("a fault of the disk fails commits, and damages nothing") {
  const auto operations = operations_of_work();
  const auto how = GENERATE(
      faulty_disk::fault::io_error, faulty_disk::fault::full,
      faulty_disk::fault::short_write, faulty_disk::fault::short_full);
  for (std::uint64_t at = 1; at <= operations; ++at) {
    INFO("operation " << at << ", fault " << static_cast<int>(how));
    const store_place place{"fault"};
    faulty_disk disk;
    reported told;
    disk.fail_at(at, how);
    try {
      work(place, disk, told);
    } catch (const troupe::error& why) {
      // It could not be opened.
      CHECK(why.code() == errc::store_failed);
    }

    const auto store = troupe::sqlite(place.file);
    CHECK(steps_in(*store, "full") >= told.full);
    CHECK(steps_in(*store, "normal") >= told.normal);
    CHECK(troupe::check_store(place.file).empty());
  }
}

TEST_CASE("one connection writes to a store and makes its checkpoints") {
  const store_place place;
  faulty_disk disk;
  {
    const auto store = troupe::detail::open_sqlite(place.file, {}, disk.name());
    begin(*store, record_of("r"));
    for (std::uint64_t i = 0; i < 50; ++i) {
      const auto reader = store->reader();
      CHECK(commit_step(*store, "r", i) == nullptr);
      CHECK(reader->find("r")->steps == i + 1);
    }

    CHECK(disk.writers_of("-wal") == 1);
  }
  CHECK(disk.writers_of(".db") == 1);
}

TEST_CASE("the log of SQLite stays small beside a reader that sits") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"), {step_of(0), step_of(1)});
  const std::string body(100'000, 'x');
  std::uint64_t most = 0;

  store->reader()->entries("r", 0, 2, [&](const auto&) {
    for (std::uint64_t i = 2; i < 900; ++i) {
      troupe::run_commit what;
      what.run = "r";
      what.entries.push_back(step_of(i, body));
      store->submit(what);
    }
    commit_step(*store, "r", 900);
    most = std::filesystem::file_size(place.file.string() + "-wal");
    return false;
  });

  CHECK(most < (64U << 20));
  CHECK(std::filesystem::file_size(place.file) > (70U << 20));
}
