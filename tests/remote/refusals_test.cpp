#include "refusals.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::time_point;
using troupe::remote::refusals;

namespace {

constexpr time_point opened{1h};

struct heard {
  std::vector<std::string> lines = {};

  refusals::notice notice() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

}  // namespace

TEST_CASE("The same refusal is told once a minute", "[remote]") {
  heard all;
  refusals told;
  told.tell(all.notice());
  told.add("one", opened);
  told.add("one", opened + 59s);
  told.add("other", opened + 59s);
  CHECK(all.lines == std::vector<std::string>{"one", "other"});
  told.add("one", opened + 60s);
  CHECK(all.lines.size() == 3);
}

TEST_CASE("Strangers cannot have any number of refusals told", "[remote]") {
  heard all;
  refusals told;
  told.tell(all.notice());
  for (int i = 0; i < 1000; ++i) told.add(std::to_string(i), opened);
  CHECK(all.lines.size() == refusals::lines_max);
  told.add("later", opened + 60s);
  CHECK(all.lines.back() == "later");
}

TEST_CASE("Nobody hears of refusals after that", "[remote]") {
  heard all;
  refusals told;
  told.add("before", opened);
  told.tell(all.notice());
  told.tell(nullptr);
  told.add("after", opened);
  CHECK(all.lines.empty());
}
