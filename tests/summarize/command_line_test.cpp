#include "summarize/parse.hpp"
#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <string>

using namespace troupe_test;
using summarize::exit_status;

TEST_CASE("a directory alone is enough", "[command_line]") {
  const temporary_directory folder;
  const auto result = parse({folder.path().string()});
  REQUIRE(result.parsed.value.has_value());
  REQUIRE(result.parsed.value->directory == folder.path());
  REQUIRE(result.parsed.value->concurrency >= 2);
  REQUIRE_FALSE(result.parsed.value->json);
  REQUIRE_FALSE(result.parsed.value->out.has_value());
}

TEST_CASE("all options are read", "[command_line]") {
  const temporary_directory folder;
  const auto result = parse({"--json", "--out", "x.txt", "--concurrency", "7",
                             "--sentences", "2", "--chunk-bytes", "512",
                             "--max-bytes", "99", folder.path().string()});
  REQUIRE(result.parsed.value.has_value());
  const auto& chosen = *result.parsed.value;
  REQUIRE(chosen.json);
  REQUIRE(chosen.out == std::filesystem::path("x.txt"));
  REQUIRE(chosen.concurrency == 7);
  REQUIRE(chosen.sentences == 2);
  REQUIRE(chosen.chunk_bytes == 512);
  REQUIRE(chosen.max_bytes == 99);
}

TEST_CASE("help goes to standard output and is no failure", "[command_line]") {
  const auto result = parse({"--help"});
  REQUIRE_FALSE(result.parsed.value.has_value());
  REQUIRE(result.parsed.status == exit_status::all_summarised);
  REQUIRE(result.out.find("--concurrency") != std::string::npos);
  REQUIRE(result.err.empty());
}

TEST_CASE("wrong usage is refused with a text that names it",
          "[command_line]") {
  const temporary_directory folder;
  const auto file = folder.write("file.txt", "text").string();
  const auto dir = folder.path().string();
  require_refused(parse({}), "DIR");
  require_refused(parse({dir, "--nonsense"}), "--nonsense");
  require_refused(parse({dir, "another"}), "another");
  require_refused(parse({dir, "--concurrency"}), "--concurrency");
  for (const std::string number : {"0", "-1", "1.5", "many", "1x", ""}) {
    require_refused(parse({dir, "--concurrency", number}),
                    "must be a whole number from 1 to 100000");
  }
  require_refused(parse({dir + "/missing"}), "does not exist");
  require_refused(parse({file}), "is not a directory");
  require_refused(parse({""}), "DIR is required");
}
