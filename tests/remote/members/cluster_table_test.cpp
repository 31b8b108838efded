#include "cluster_table.hpp"

#include "seconds.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <limits>
#include <string>

using troupe::errc;
using troupe::json;
using troupe_test::code_of;
using troupe_tool::cluster_table;

namespace {

json report_of(const std::string& name) {
  json worker = {{"name", name},      {"labels", {"gpu", name}},
                 {"capacity", 8},     {"held", 2},
                 {"done", 3},         {"flows", json::array()},
                 {"silent_ms", -1},   {"joined_s", 5},
                 {"draining", false}, {"troupe", "0.4.0"}};
  return {{"protocol", 2},   {"troupe", "0.4.0"},
          {"caf", "0.17.6"}, {"workers", json::array({worker})},
          {"waiting", 1},    {"leased", 2}};
}

}  // namespace

TEST_CASE("The table of a cluster has a line for each worker", "[remote]") {
  const auto text = cluster_table(report_of("one"));
  CHECK_THAT(text, Catch::Matchers::Contains("1 workers, 2 leased, 1 waiting"));
  CHECK_THAT(text, Catch::Matchers::Contains("one") &&
                       Catch::Matchers::Contains("gpu,one") &&
                       Catch::Matchers::Contains("2/8"));
}

TEST_CASE("The table of a cluster is safe for a terminal", "[remote]") {
  const auto text =
      cluster_table(report_of("\x1b]0;x\x07\r\n\xc2\x9b"
                              "2J\xe2\x80\xae\xff"));
  CHECK(text.find_first_of("\x1b\x07\r\xff") == text.npos);
  CHECK(text.find("\xc2\x9b") == text.npos);
  CHECK(text.find("\xe2\x80\xae") == text.npos);
  CHECK(cluster_table(report_of(std::string(100'000, 'x'))).size() < 5000);
}

TEST_CASE("One worker widens the table of a cluster little", "[remote]") {
  auto report = report_of("one");
  auto& workers = report["workers"];
  const json other = workers[0];
  workers[0]["labels"] = json::array();
  for (int i = 0; i < 1'000; ++i) {
    workers[0]["labels"].push_back(std::string(200, 'x'));
  }
  for (int i = 0; i < 10'002; ++i) workers.push_back(other);
  const auto text = cluster_table(report);
  CHECK(text.size() < 10'000'000);
  CHECK_THAT(text, Catch::Matchers::EndsWith("and 3 more\n"));
}

TEST_CASE("A table of what is no report is refused", "[remote]") {
  const auto refuses = [](const json& report) {
    return code_of([&] { static_cast<void>(cluster_table(report)); }) ==
           errc::bad_reply;
  };
  for (const json& report :
       {json(nullptr), json(1), json::array(), json::object(), json("text")}) {
    CHECK(refuses(report));
  }
  for (const auto* key : {"protocol", "troupe", "caf", "workers", "waiting"}) {
    auto report = report_of("one");
    report[key] = std::numeric_limits<double>::quiet_NaN();
    CHECK(refuses(report));
  }
  for (const auto* key : {"name", "labels", "capacity", "held", "draining"}) {
    auto report = report_of("one");
    report["workers"][0][key] = 1e300;
    CHECK(refuses(report));
  }
}

TEST_CASE("A span on the command line is a number of seconds", "[remote]") {
  for (const auto* text : {"0.1", "1", "5.5", "3600", "1e3"}) {
    CHECK(troupe_tool::fault_of_seconds(text).empty());
  }
  for (const auto* text : {"", "nan", "-nan", "NAN", "nan(1)", "inf", "-inf",
                           "0", "-1", "3601", "1e999", "5s", " 5", "x"}) {
    CAPTURE(text);
    CHECK_FALSE(troupe_tool::fault_of_seconds(text).empty());
  }
}
