#include "summarize/cluster.hpp"
#include "summarize/parse.hpp"
#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <string>

using namespace troupe_test;

TEST_CASE("a worker needs no directory", "[command_line]") {
  const auto result = parse({"--worker", "--join", "example.org:4242"});
  REQUIRE(result.parsed.value.has_value());
  REQUIRE(summarize::is_worker(*result.parsed.value));
  REQUIRE_FALSE(summarize::listens(*result.parsed.value));
}

TEST_CASE("with workers many files are worked on at once", "[command_line]") {
  const temporary_directory folder;
  const auto dir = folder.path().string();
  const auto result = parse({dir, "--listen", "4242"});
  REQUIRE(result.parsed.value.has_value());
  REQUIRE(summarize::listens(*result.parsed.value));
  REQUIRE(result.parsed.value->concurrency == 64);
  REQUIRE(parse({dir, "--listen", "4242", "--concurrency", "3"})
              .parsed.value->concurrency == 3);
}

TEST_CASE("who listens needs a directory", "[command_line]") {
  require_refused(parse({"--listen", "4242"}), "DIR");
}

TEST_CASE("an address that is none is refused", "[command_line]") {
  const temporary_directory folder;
  require_refused(parse({folder.path().string(), "--listen", "host:x"}),
                  "is not HOST:PORT");
}

TEST_CASE("tokens are counted where the model is asked", "[command_line]") {
  const temporary_directory folder;
  const auto dir = folder.path().string();
  if (!parse({dir, "--model", "m"}).parsed.value) return;
  require_refused(
      parse({dir, "--model", "m", "--tpm", "1000", "--listen", "4242"}),
      "--listen");
  REQUIRE(parse({dir, "--model", "m", "--rpm", "60", "--listen", "4242"})
              .parsed.value->rpm == 60);
}
