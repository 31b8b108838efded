// One id that two processes start again and again makes one run.

#include "support/catch.hpp"
#include "support/store/store_place.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/system.hpp>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace troupe_test;
using troupe::state;

namespace {

constexpr std::size_t threads_at_once = 4;
constexpr std::size_t starts_of_thread = 50;

/// Writes a line to a file, which another run would do as well.
struct writes_line {
  std::filesystem::path file;

  void post(state& shared) const {
    std::ofstream{file, std::ios::app} << "a run\n";
    shared.set("by", getpid());
  }
};

/// The store, once the other process has let go of it.
std::shared_ptr<troupe::run_store> opened(const std::filesystem::path& file,
                                          std::size_t& refused) {
  for (;;) {
    try {
      return troupe::sqlite(file);
    } catch (const troupe::error& why) {
      const auto text = why.message();
      if (text.find("is owned by") == std::string::npos) throw;
      ++refused;
      poll(nullptr, 0, 1);
    }
  }
}

/// Starts the run many times at once; returns whether all got the same one.
bool start_at_once(troupe::system& in, const troupe::flow& work,
                   std::size_t count) {
  std::vector<int> by;
  for (std::size_t i = 0; i < count; ++i) {
    const auto ended = in.start(work, state{{"n", 1}}, {.id = "r"}).get();
    if (!ended.ok()) throw troupe::error{*ended.failure};
    by.push_back(ended.state.get<int>("by"));
    if (by.back() != by.front()) return false;
  }
  return true;
}

/// A process that opens the store `rounds` times. Never returns.
[[noreturn]] void race(const store_place& in, std::size_t rounds) {
  try {
    troupe::flow_builder builder{"work"};
    builder.add("write", writes_line{in.folder / "lines"});
    const auto work = builder.build();
    std::size_t refused = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      troupe::system_options options;
      options.threads = 2;
      options.store = opened(in.file, refused);
      troupe::system system{options};
      options.store.reset();
      std::vector<std::future<bool>> all;
      for (std::size_t t = 0; t < threads_at_once; ++t) {
        all.push_back(std::async(std::launch::async, [&] {
          return start_at_once(system, work, starts_of_thread);
        }));
      }
      for (auto& each : all) {
        if (!each.get()) _exit(2);
      }
    }
  } catch (const std::exception& why) {
    std::cerr << why.what() << '\n';
    _exit(3);
  }
  _exit(0);
}

/// The status with which both processes end, 0 if all is well.
int race_two(const store_place& in, std::size_t rounds) {
  std::vector<pid_t> processes;
  for (int i = 0; i < 2; ++i) {
    const auto made = fork();
    if (made == 0) race(in, rounds);
    processes.push_back(made);
  }
  int worst = 0;
  for (const auto each : processes) {
    int status = 0;
    waitpid(each, &status, 0);
    worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : 100);
  }
  return worst;
}

std::string lines_in(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("Ten thousand starts of one id by two processes make one run",
          "[store]") {
  const store_place in{"racing"};
  constexpr std::size_t rounds = 25;
  static_assert(2 * rounds * threads_at_once * starts_of_thread == 10'000);
  CHECK(race_two(in, rounds) == 0);
  CHECK(lines_in(in.folder / "lines") == "a run\n");
  const auto store = troupe::sqlite(in.file);
  CHECK(store->reader()->list({}).size() == 1);
}
