#include "core/system_log.hpp"

#include "support/catch.hpp"
#include "support/has.hpp"

#include <troupe/event.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::detail::system_log;

namespace {

constexpr troupe::time_point start{};

struct kept_lines {
  std::vector<std::string> lines;

  system_log::sink sink() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

}  // namespace

TEST_CASE("A line of the log is safe for a terminal, and cut", "[log]") {
  kept_lines kept;
  system_log log{kept.sink()};
  log.add("one\ntwo\x1b[31m", start);
  log.add(std::string(5'000, 'x'), start);
  REQUIRE(kept.lines.size() == 2);
  CHECK(kept.lines[0].find('\n') == std::string::npos);
  CHECK(kept.lines[0].find('\x1b') == std::string::npos);
  CHECK(kept.lines[1].size() <= system_log::line_bytes + 3);
}

TEST_CASE("The log names run and node of a warning", "[log]") {
  kept_lines kept;
  system_log log{kept.sink()};
  troupe::event warning;
  warning.run = "run-1";
  warning.text = "look";
  log.add(warning, start);
  warning.node = "outer/inner";
  log.add(warning, start);
  CHECK(kept.lines ==
        std::vector<std::string>{
            "troupe: warning: run 'run-1': look",
            "troupe: warning: run 'run-1', node 'outer/inner': look"});
}

TEST_CASE("The log has a bounded number of lines, and says how many are lost",
          "[log]") {
  kept_lines kept;
  system_log log{kept.sink()};
  const auto most = system_log::lines_max;
  for (std::size_t i = 0; i < most + 50; ++i) log.add("again", start);
  REQUIRE(kept.lines.size() == most + 1);
  CHECK(has(kept.lines[most - 1], "some are left out after the next one"));
  log.add("late", start + system_log::window - 1ms);
  CHECK(kept.lines.size() == most + 1);
  log.add("new", start + system_log::window);
  REQUIRE(kept.lines.size() == most + 3);
  CHECK(has(kept.lines[most + 1], "51 lines were left out"));
  CHECK(kept.lines.back() == "new");
}

TEST_CASE("A log that throws harms nobody", "[log]") {
  system_log log{[](const std::string&) { throw std::runtime_error("full"); }};
  log.add("first", start);
  system_log none{nullptr};
  none.add("first", start);
}
