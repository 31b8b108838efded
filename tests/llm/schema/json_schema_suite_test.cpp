// The official test suite of JSON Schema draft 7, its required tests.

#include "support/catch.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/json_schema.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::llm::json_schema;

namespace {

const std::filesystem::path suite = TROUPE_JSON_SCHEMA_SUITE;

/// The results of the groups of a file.
struct tally {
  int passed = 0;
  /// The reasons why schemas were refused, and the number of tests about those.
  std::map<std::string, int> refused;
  std::string wrong;
};

std::string reason_in(const std::string& text) {
  const auto has = [&](const char* part) {
    return text.find(part) != std::string::npos;
  };
  if (has("outside")) return "a reference to another document";
  if (has("keyword '$id'")) return "an $id within a schema";
  if (has("percent%field")) return "a keyword of that test only";
  return text;
}

void run_group(const json& group, tally& into) {
  const auto& tests = group.at("tests");
  std::optional<json_schema> schema;
  try {
    schema.emplace(group.at("schema"));
  } catch (const error& why) {
    REQUIRE(why.code() == errc::bad_flow);
    into.refused[reason_in(why.message())] += static_cast<int>(tests.size());
    return;
  }
  for (const auto& each : tests) {
    const bool fits = schema->mistakes_in(each.at("data")).empty();
    if (fits == each.at("valid").get<bool>()) {
      ++into.passed;
    } else {
      into.wrong += group.at("description").get<std::string>() + ": " +
                    each.at("description").get<std::string>() + "\n";
    }
  }
}

}  // namespace

TEST_CASE("All required tests of draft 7 pass, or their schema is refused",
          "[json_schema]") {
  tally all;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{suite}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in{entry.path()};
    for (const auto& group : json::parse(in)) run_group(group, all);
    ++files;
  }
  CHECK(all.wrong == "");
  CHECK(files == 35);
  const std::map<std::string, int> known{
      {"a reference to another document", 13},
      {"an $id within a schema", 8},
      {"a keyword of that test only", 6}};
  CAPTURE(json(all.refused).dump());
  CHECK(all.refused == known);
  CHECK(all.passed == 396);
}
