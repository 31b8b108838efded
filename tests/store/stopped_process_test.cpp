// A process that is stopped for a while: waits and deadlines are over when it
// goes on, and none is over twice.

#include "support/catch.hpp"
#include "support/store/store_place.hpp"

#include <troupe/clock.hpp>
#include <troupe/sleep.hpp>
#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;

namespace {

constexpr auto wait_span = 1s;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             troupe::clock::steady().now().time_since_epoch())
      .count();
}

void add_line(const std::filesystem::path& file) {
  std::ofstream{file, std::ios::app} << now_ms() << '\n';
}

std::vector<std::int64_t> lines_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::vector<std::int64_t> all;
  for (std::int64_t each = 0; in >> each;) all.push_back(each);
  return all;
}

/// Writes a line for each attempt; the first one fails.
struct fails_once {
  std::filesystem::path lines;

  void exec(troupe::context& ctx) const {
    add_line(lines);
    if (ctx.attempt() == 0) throw std::runtime_error{"not yet"};
  }
};

struct takes_an_hour {
  troupe::task<void> exec() const {
    troupe::sleep_for hour{1h};
    co_await hour;
  }
};

bool has_failed_attempt(const std::filesystem::path& file) {
  try {
    const auto reader = troupe::read_store(file);
    bool found = false;
    for (const auto& run : reader->list({})) {
      reader->entries(run.id, 0, ~std::uint64_t{0}, [&](const auto& each) {
        found = found || each.entry.what == troupe::log_entry::kind::attempt;
        return !found;
      });
    }
    return found;
  } catch (const troupe::error&) {
    // It is not there yet.
    return false;
  }
}

/// A process with a run that waits for its second attempt, and one that has a
/// deadline. Never returns.
[[noreturn]] void live(const store_place& in) {
  try {
    troupe::node_options twice;
    twice.retry.attempts = 2;
    twice.retry.wait = wait_span;
    troupe::flow_builder waits{"waits"};
    waits.add("fail", fails_once{in.folder / "attempts"}, twice);
    troupe::flow_builder lasts{"lasts"};
    lasts.add("last", takes_an_hour{});
    troupe::system_options options;
    options.threads = 2;
    options.store = troupe::sqlite(in.file);
    troupe::system system{options};
    const auto late = system.start(lasts.build(), {}, {.deadline = wait_span});
    const auto tried = system.start(waits.build());
    const bool was_late = !late.get().ok();
    add_line(in.folder / "late");
    _exit(was_late && tried.get().ok() ? 0 : 2);
  } catch (const std::exception& why) {
    std::cerr << why.what() << '\n';
    _exit(3);
  }
}

}  // namespace

TEST_CASE("Waits and deadlines end once when a stopped process goes on",
          "[store]") {
  const store_place in{"stopped"};
  const auto attempts = in.folder / "attempts";
  const auto process = fork();
  if (process == 0) live(in);
  while (!has_failed_attempt(in.file)) poll(nullptr, 0, 1);
  // The wait begins once the attempt is stored.
  poll(nullptr, 0, 100);
  kill(process, SIGSTOP);
  poll(nullptr, 0, 2000);
  CHECK(lines_of(attempts).size() == 1);
  const auto woken = now_ms();
  kill(process, SIGCONT);
  int status = 0;
  waitpid(process, &status, 0);
  CHECK(status == 0);
  const auto tried = lines_of(attempts);
  REQUIRE(tried.size() == 2);
  CHECK(tried[1] - tried[0] >= 1000);
  CHECK(tried[1] - woken < 1000);
  const auto late = lines_of(in.folder / "late");
  REQUIRE(late.size() == 1);
  CHECK(late[0] - woken < 1000);
}
