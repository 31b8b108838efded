#include "summarize/report.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

using summarize::file_report;

namespace {

file_report good() {
  file_report report;
  report.file = "GPL-3";
  report.links = {"GPL"};
  report.summary = "A free licence.";
  report.bytes = 35149;
  report.words = 5644;
  report.chunks = 3;
  return report;
}

file_report bad() {
  file_report report;
  report.file = "logo.png";
  report.status = "binary";
  report.reason = "is not text: NUL byte at index 8";
  report.bytes = 1;
  return report;
}

}  // namespace

TEST_CASE("a summarised file is one JSON object on one line", "[report]") {
  const auto line = summarize::json_line(good());
  REQUIRE(line.find('\n') == std::string::npos);
  REQUIRE(nlohmann::json::parse(line) ==
          nlohmann::json({{"file", "GPL-3"},
                          {"status", "ok"},
                          {"summary", "A free licence."},
                          {"bytes", 35149},
                          {"words", 5644},
                          {"chunks", 3},
                          {"links", {"GPL"}}}));
}

TEST_CASE("a failed file has a reason and a null summary", "[report]") {
  const auto json = nlohmann::json::parse(summarize::json_line(bad()));
  REQUIRE(json.at("status") == "binary");
  REQUIRE(json.at("reason") == "is not text: NUL byte at index 8");
  REQUIRE(json.at("summary").is_null());
}

TEST_CASE("a file name that is not UTF-8 still makes valid JSON", "[report]") {
  auto report = bad();
  report.file = "caf\xE9";
  const auto json = nlohmann::json::parse(summarize::json_line(report));
  REQUIRE(json.at("file") == "caf\uFFFD");
}

TEST_CASE("the text report lists summaries, failures and counts", "[report]") {
  std::ostringstream out;
  summarize::write_text(out, {good(), bad()},
                        {{"socket", "not a regular file"}});
  REQUIRE(out.str() ==
          "GPL-3 (35,149 bytes, 5,644 words, 3 chunks; also GPL)\n"
          "  A free licence.\n"
          "\n"
          "Not summarised:\n"
          "  logo.png: is not text: NUL byte at index 8\n"
          "\n"
          "Passed over:\n"
          "  socket: not a regular file\n"
          "\n"
          "Summarised 1 of 2 files, 1 failed; 1 link to them not repeated; 1 "
          "passed over.\n");
}

TEST_CASE("lines are wrapped at the width, not over it", "[report]") {
  REQUIRE(summarize::wrapped("aa bb cc", 7, 2) == "  aa bb\n  cc\n");
  REQUIRE(summarize::wrapped("a  b", 80, 0) == "a b\n");
  REQUIRE(summarize::wrapped("unbreakable x", 4, 1) == " unbreakable\n x\n");
  REQUIRE(summarize::wrapped("", 10, 2).empty());
}

TEST_CASE("the width of a line counts characters, not bytes", "[report]") {
  REQUIRE(summarize::wrapped("\u00E9\u00E9 \u00E9\u00E9", 5, 0) ==
          "\u00E9\u00E9 \u00E9\u00E9\n");
  REQUIRE(summarize::wrapped("\u6F22\u5B57 ab", 6, 0) == "\u6F22\u5B57\nab\n");
}

TEST_CASE("nothing in a report steers a terminal", "[report]") {
  const std::string evil = "a\x1b]0;t\x07\x1b[2J\r\u009B1m\u202Eb\x7F\b\xE9";
  auto summarised = good();
  summarised.file = evil;
  summarised.summary = evil;
  summarised.links = {evil};
  auto failed = bad();
  failed.file = evil;
  failed.reason = evil;
  std::ostringstream out;
  summarize::write_text(out, {summarised, failed}, {{evil, evil}});
  const std::string text = out.str();
  for (const char* gone :
       {"\x1b", "\x07", "\r", "\u009B", "\u202E", "\x7F", "\b", "\xE9"}) {
    CAPTURE(gone);
    REQUIRE(text.find(gone) == std::string::npos);
  }
  REQUIRE(text.find("a\uFFFD]0;t\uFFFD\uFFFD[2J") != std::string::npos);
}

TEST_CASE("JSON says what is there, and steers no terminal", "[report]") {
  auto report = good();
  report.summary = "a\x1b[2J\u009B1m\u202Eb\u2066\x7F \u00E9\u6F22\U0001F600";
  const auto line = summarize::json_line(report);
  REQUIRE(nlohmann::json::parse(line).at("summary") == report.summary);
  REQUIRE(line.find("a\\u001b[2J\\u009b1m\\u202eb\\u2066\\u007f "
                    "\u00E9\u6F22\U0001F600") != std::string::npos);
}
