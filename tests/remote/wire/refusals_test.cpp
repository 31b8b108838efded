#include "network/refusals.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::time_point;
using troupe::remote::refusals;

namespace {

constexpr time_point first_moment{1h};

struct heard_lines {
  std::vector<std::string> lines = {};

  refusals::notice notice() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

}  // namespace

TEST_CASE("The same refusal is told once a minute", "[remote]") {
  heard_lines all;
  refusals told;
  told.tell(all.notice());
  told.add("one", first_moment);
  told.add("one", first_moment + 59s);
  told.add("other", first_moment + 59s);
  CHECK(all.lines == std::vector<std::string>{"one", "other"});
  told.add("one", first_moment + 60s);
  CHECK(all.lines.size() == 3);
}

TEST_CASE("Strangers cannot have any number of refusals told", "[remote]") {
  heard_lines all;
  refusals told;
  told.tell(all.notice());
  for (int i = 0; i < 1000; ++i) told.add(std::to_string(i), first_moment);
  CHECK(all.lines.size() == refusals::lines_max);
  told.add("later", first_moment + 60s);
  CHECK(all.lines.back() == "later");
}

TEST_CASE("Nobody hears of refusals after that", "[remote]") {
  heard_lines all;
  refusals told;
  told.add("before", first_moment);
  told.tell(all.notice());
  told.tell(nullptr);
  told.add("after", first_moment);
  CHECK(all.lines.empty());
}
