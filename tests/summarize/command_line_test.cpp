#include "summarize/parse.hpp"
#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <rapidcheck.h>

#include <filesystem>
#include <string>
#include <vector>

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
  REQUIRE_FALSE(result.parsed.value->follow_links);
}

TEST_CASE("all options are read", "[command_line]") {
  const temporary_directory folder;
  const auto result =
      parse({"--json", "--follow-links", "--out", "x.txt", "--concurrency", "7",
             "--sentences", "2", "--chunk-bytes", "512", "--max-bytes", "99",
             folder.path().string()});
  REQUIRE(result.parsed.value.has_value());
  const auto& chosen = *result.parsed.value;
  REQUIRE(chosen.json);
  REQUIRE(chosen.follow_links);
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
  require_refused(parse({dir, "--max-bytes", "99999999999999999999"}),
                  "must be a whole number from 1 to 1073741824");
  require_refused(parse({dir + "/missing"}), "does not exist");
  require_refused(parse({file}), "is not a directory");
  require_refused(parse({""}), "DIR is required");
  require_refused(parse({dir, "--out", ""}), "is empty; name a file");
}

TEST_CASE("what is refused is shown without control characters",
          "[command_line]") {
  for (const std::string evil :
       {"--x\x1b[2J\r", "/missing\x1b]0;t\x07", "a\u009B\xE9"}) {
    const auto result = parse({evil});
    REQUIRE_FALSE(result.parsed.value.has_value());
    for (const char* gone : {"\x1b", "\r", "\x07", "\u009B", "\xE9"}) {
      REQUIRE(result.err.find(gone) == std::string::npos);
    }
  }
}

TEST_CASE("any command line is read or refused", "[command_line]") {
  const std::vector<std::string> words{"--concurrency",
                                       "--out",
                                       "--json",
                                       "--sentences",
                                       "--api",
                                       "--chunk-bytes",
                                       "--model",
                                       "--max-bytes",
                                       "--listen",
                                       "--join",
                                       "--worker",
                                       "--rpm",
                                       "--",
                                       "--help",
                                       "-",
                                       "=",
                                       "1e9",
                                       "-1",
                                       "/",
                                       "\x1b\xE9"};
  const auto property = rc::check([&words] {
    const auto part = rc::gen::oneOf(rc::gen::elementOf(words),
                                     rc::gen::string<std::string>());
    const auto arguments = *rc::gen::container<std::vector<std::string>>(part);
    const auto result = parse(arguments);
    const bool is_refused = result.parsed.status == exit_status::bad_usage;
    RC_ASSERT(is_refused == !result.err.empty());
  });
  REQUIRE(property);
}
