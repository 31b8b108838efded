#include "summarize/progress.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <sstream>

using namespace std::chrono_literals;
using summarize::progress_bar;

namespace {

constexpr progress_bar::time_point start{};

std::string last_line(const std::ostringstream& out) {
  const std::string all = out.str();
  return all.substr(all.rfind("\x1b[K") + 3);
}

auto drawings(const std::ostringstream& out) {
  const std::string all = out.str();
  return std::count(all.begin(), all.end(), '\r');
}

progress_bar::options of(std::size_t total, std::size_t columns = 80) {
  progress_bar::options chosen;
  chosen.total = total;
  chosen.columns = [columns] { return columns; };
  return chosen;
}

}  // namespace

TEST_CASE("a disabled bar writes nothing", "[progress]") {
  std::ostringstream out;
  auto chosen = of(10);
  chosen.enabled = false;
  progress_bar bar(out, chosen, start);
  bar.update(5, 0, start + 1s);
  bar.finish(start + 2s);
  REQUIRE(out.str().empty());
}

TEST_CASE("the bar shows count, failures, rate and time left", "[progress]") {
  std::ostringstream out;
  progress_bar bar(out, of(100), start);
  bar.update(20, 3, start + 10s);
  REQUIRE(last_line(out) ==
          "[======>                              ] "
          "20/100 files, 3 failed  2.0/s  ETA 0:40");
}

TEST_CASE("the bar draws at most ten times a second", "[progress]") {
  std::ostringstream out;
  progress_bar bar(out, of(1000), start);
  for (std::size_t i = 0; i < 1000; ++i) {
    bar.update(i, 0, start + std::chrono::milliseconds(i));
  }
  REQUIRE(drawings(out) == 10);
}

TEST_CASE("the first update draws at once", "[progress]") {
  std::ostringstream out;
  progress_bar bar(out, of(10), start);
  bar.update(0, 0, start);
  REQUIRE(last_line(out).find("0/10 files") != std::string::npos);
}

TEST_CASE("the bar never fills the last column", "[progress]") {
  for (const std::size_t columns :
       {0U, 1U, 2U, 5U, 10U, 20U, 40U, 60U, 80U, 300U}) {
    std::ostringstream out;
    progress_bar bar(out, of(123456, columns), start);
    bar.update(1234, 56, start + 100s);
    CAPTURE(columns);
    REQUIRE(last_line(out).size() <= std::max<std::size_t>(columns, 2) - 1);
  }
}

TEST_CASE("finishing draws the last state once and ends the line",
          "[progress]") {
  std::ostringstream out;
  progress_bar bar(out, of(4), start);
  bar.update(4, 0, start + 50ms);
  bar.finish(start + 60ms);
  bar.finish(start + 1s);
  bar.update(4, 0, start + 2s);
  REQUIRE(drawings(out) == 2);
  const std::string line = last_line(out);
  REQUIRE(line.find("4/4 files") != std::string::npos);
  REQUIRE(line.find("ETA") == std::string::npos);
  REQUIRE(line.back() == '\n');
}

TEST_CASE("long times show hours", "[progress]") {
  std::ostringstream out;
  progress_bar bar(out, of(3), start);
  bar.update(1, 0, start + 2h);
  REQUIRE(last_line(out).find("ETA 4:00:00") != std::string::npos);
}
