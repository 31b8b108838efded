#pragma once

#include <troupe/store/run_store.hpp>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace troupe_test {

/// A folder in memory, where a sync takes no time; on a disk otherwise.
inline std::filesystem::path fast_folder() {
  const std::filesystem::path memory{"/dev/shm"};
  return std::filesystem::is_directory(memory)
             ? memory
             : std::filesystem::temp_directory_path();
}

/// A folder of its own for a store, which is gone in the end.
struct store_place {
  explicit store_place(const std::string& name = "store")
      : folder(fast_folder() /
               ("troupe-test-" + std::to_string(getpid()) + "-" + name)),
        file(folder / "runs.db") {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
  }
  store_place(const store_place&) = delete;
  store_place& operator=(const store_place&) = delete;
  ~store_place() { std::filesystem::remove_all(folder); }

  const std::filesystem::path folder;
  const std::filesystem::path file;
};

inline troupe::run_record record_of(const std::string& id,
                                    const std::string& input = "{}") {
  troupe::run_record run;
  run.id = id;
  run.flow = "orders";
  run.version = "7";
  run.shape = "[\"a\",\"b\"]";
  run.input.text = input;
  run.params.text = "{}";
  return run;
}

inline troupe::log_entry step_of(std::uint64_t step,
                                 const std::string& body = "{}") {
  troupe::log_entry entry;
  entry.step = step;
  entry.body.text = body;
  return entry;
}

/// Begins a run, and waits.
inline troupe::begun_run begin(troupe::run_store& store,
                               troupe::run_record what,
                               std::vector<troupe::log_entry> first = {}) {
  std::promise<troupe::begun_run> ended;
  store.begin(std::move(what), std::move(first), [&ended](auto answer) {
    ended.set_value(std::move(answer));
  });
  return ended.get_future().get();
}

/// Makes a commit, and waits.
inline troupe::commit_result commit(troupe::run_store& store,
                                    troupe::run_commit what) {
  std::promise<troupe::commit_result> ended;
  what.done = [&ended](const auto& result) { ended.set_value(result); };
  store.submit(std::move(what));
  return ended.get_future().get();
}

/// Commits one step of a run, and waits.
inline troupe::commit_result commit_step(
    troupe::run_store& store, const std::string& run, std::uint64_t step,
    troupe::durability how = troupe::durability::normal,
    const std::string& body = "{}") {
  troupe::run_commit what;
  what.run = run;
  what.how = how;
  what.entries.push_back(step_of(step, body));
  what.change.steps_more = 1;
  return commit(store, std::move(what));
}

/// Ends a run, and waits.
inline troupe::commit_result end_run(
    troupe::run_store& store, const std::string& run,
    troupe::run_status status = troupe::run_status::finished,
    const std::string& end = "{}") {
  troupe::run_commit what;
  what.run = run;
  what.change.status = status;
  what.change.end = end;
  return commit(store, std::move(what));
}

/// All entries of a run.
inline std::vector<troupe::stored_entry> entries_of(troupe::run_store& store,
                                                    const std::string& run) {
  std::vector<troupe::stored_entry> found;
  store.reader()->entries(run, 0, ~std::uint64_t{0}, [&](const auto& each) {
    found.push_back(each);
    return true;
  });
  return found;
}

}  // namespace troupe_test
