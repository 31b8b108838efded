#include "dispatch/notice_limit.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::time_point;
using troupe::remote::notice_limit;

namespace {

constexpr time_point beginning{1h};

struct told_lines {
  std::vector<std::string> lines = {};

  notice_limit::notice notice() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

}  // namespace

TEST_CASE("A notice is safe for a terminal", "[remote]") {
  told_lines all;
  notice_limit told{all.notice()};
  told.add("the worker '\x1b]0;x\x07\n\xff' has joined", beginning);
  REQUIRE(all.lines.size() == 1);
  CHECK(all.lines[0] ==
        "the worker '\xef\xbf\xbd]0;x\xef\xbf\xbd \xef\xbf\xbd' has joined");
}

TEST_CASE("A long notice is cut", "[remote]") {
  told_lines all;
  notice_limit told{all.notice()};
  told.add(std::string(1'000'000, 'x'), beginning);
  CHECK(all.lines.at(0).size() <= notice_limit::line_bytes + 3);
}

TEST_CASE("One notice is told a few times in a minute", "[remote]") {
  told_lines all;
  notice_limit told{all.notice()};
  for (int i = 0; i < 1000; ++i) told.add("again", beginning);
  CHECK(all.lines.size() == notice_limit::same_line_max + 1);
  told.add("other", beginning);
  CHECK(all.lines.back() == "other");
  told.add("again", beginning + 60s);
  CHECK(all.lines.back() == "again");
}

TEST_CASE("A bounded number of notices is told in a minute", "[remote]") {
  told_lines all;
  notice_limit told{all.notice()};
  for (std::size_t i = 0; i < 2 * notice_limit::lines_max; ++i) {
    told.add(std::to_string(i), beginning);
  }
  CHECK(all.lines.size() == notice_limit::lines_max + 1);
  CHECK_THAT(all.lines.back(), Catch::Matchers::Contains("left out"));
  told.add("later", beginning + 60s);
  CHECK(all.lines.back() == "later");
}
