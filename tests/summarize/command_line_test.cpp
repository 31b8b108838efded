#include "summarize/command_line.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <sstream>
#include <string>
#include <vector>

using summarize::exit_status;

namespace {

struct outcome {
  summarize::parsed_arguments parsed;
  std::string out;
  std::string err;
};

outcome parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "summarize_files");
  std::vector<const char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  auto parsed = summarize::parse_arguments(static_cast<int>(pointers.size()),
                                           pointers.data(), out, err);
  return {std::move(parsed), out.str(), err.str()};
}

void require_refused(const outcome& result, const std::string& text) {
  CAPTURE(result.err);
  REQUIRE_FALSE(result.parsed.value.has_value());
  REQUIRE(result.parsed.status == exit_status::bad_usage);
  REQUIRE(result.out.empty());
  REQUIRE(result.err.find(text) != std::string::npos);
}

}  // namespace

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

TEST_CASE("a worker needs no directory", "[command_line]") {
  const auto result = parse({"--worker", "--join", "example.org:4242"});
  REQUIRE(result.parsed.value.has_value());
  REQUIRE(result.parsed.value->join == "example.org:4242");
}

TEST_CASE("a port alone is one of this machine", "[command_line]") {
  const temporary_directory folder;
  const auto result = parse({folder.path().string(), "--listen", "4242"});
  REQUIRE(result.parsed.value.has_value());
  REQUIRE(result.parsed.value->listen == "127.0.0.1:4242");
  REQUIRE(result.parsed.value->concurrency == 64);
}

TEST_CASE("options of workers that make no sense are refused",
          "[command_line]") {
  const temporary_directory folder;
  const std::string dir = folder.path().string();
  require_refused(parse({"--worker"}), "--join");
  require_refused(parse({dir, "--join", "a:1"}), "--worker");
  require_refused(parse({dir, "--listen", "65536"}), "the port must be");
  require_refused(parse({dir, "--listen", "host:x"}), "the port must be");
  require_refused(parse({dir, "--listen", ":1"}), "has no host");
  require_refused(parse({dir, "--listen", "1", "--worker", "--join", "a:1"}),
                  "excludes");
  require_refused(parse({dir, "--listen", "1", "--cert", "c.pem"}),
                  "--cert requires");
  require_refused(parse({dir, "--listen", "1", "--peer", "n"}), "--cert");
}
