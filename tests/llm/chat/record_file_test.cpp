#include "model/record_file.hpp"

#include "base/split_secrets.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"
#include "support/temporary_file.hpp"

#include <troupe/llm/recording.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <utility>

using troupe::errc;
using troupe::detail::secrets;
using troupe::llm::detail::content_of_recording;
using troupe::llm::detail::masked_parts;
using troupe::llm::detail::record_file;
using troupe::llm::detail::without_split;
using namespace troupe_test;

namespace {

namespace fs = std::filesystem;

secrets key() {
  secrets hidden;
  hidden.add("sk-secret-1234");
  return hidden;
}

std::string reason_of(const fs::path& file) {
  std::string text;
  CHECK(code_of([&] { return content_of_recording(file); }, &text) ==
        errc::bad_value);
  return text;
}

}  // namespace

TEST_CASE("Only a regular file is a recording", "[record_file]") {
  const temporary_file pipe;
  fs::remove(pipe.path);
  REQUIRE(mkfifo(pipe.path.c_str(), 0600) == 0);
  CHECK(has(reason_of(pipe.path), "it is not a regular file"));
  CHECK(has(reason_of("/dev/zero"), "'/dev/zero'"));
  CHECK(has(reason_of("/"), "it is not a regular file"));
  CHECK(has(reason_of("/none/at/all"), "cannot be read: No such file"));
  CHECK(code_of([&] { record_file{pipe.path}; }) == errc::bad_value);
}

TEST_CASE("A recording that is gone on with is taken from others",
          "[record_file]") {
  const temporary_file file;
  std::ofstream{file.path} << "one\n";
  fs::permissions(file.path, fs::perms{0644});
  record_file{file.path}.add("two");
  CHECK(fs::status(file.path).permissions() == fs::perms{0600});
  CHECK(content_of_recording(file.path) == "one\ntwo\n");
}

TEST_CASE("A line that was torn costs no other", "[record_file]") {
  const temporary_file file;
  std::ofstream{file.path} << "one\n{\"requ";
  record_file{file.path}.add("two");
  record_file{file.path}.add("three");
  CHECK(content_of_recording(file.path) == "one\n{\"requ\ntwo\nthree\n");
}

TEST_CASE("A secret that is split over events is not recorded",
          "[record_file]") {
  const std::string body =
      "data: {\"choices\":[{\"delta\":{\"content\":\"It is sk-sec\"}}],"
      "\"id\":\"a\"}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"ret-\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"1234.\"}}]}\n\n"
      "data: [DONE]\n\n";
  const auto clean = without_split(key(), body);
  REQUIRE(clean);
  CHECK(has(*clean, "\"content\":\"It is (the key)\""));
  CHECK(has(*clean, "\"content\":\".\""));
  CHECK_FALSE(has(*clean, "ret-"));
  CHECK(clean->ends_with("data: [DONE]\n\n"));
  CHECK_FALSE(without_split(key(), "data: {\"x\":\"sk-secret\"}\n\ndata: {"));
}

TEST_CASE("An event with long names takes little memory to be recorded",
          "[record_file]") {
  // A path for each text would take 30 GB.
  std::string event = "data: {\"" + std::string(1'000'000, 'n') + "\":{";
  for (int i = 0; i < 30'000; ++i)
    event += "\"" + std::to_string(i) + "\":\"\",";
  event += "\"key\":\"sk-sec\"}}\n";
  std::string rest = event;
  rest.replace(rest.find("sk-sec"), 6, "ret-1234");
  const auto clean = without_split(key(), event + rest);
  REQUIRE(clean);
  CHECK_FALSE(has(*clean, "ret-1234"));
}

TEST_CASE("A secret in parts shows in no part", "[record_file]") {
  const auto hidden = key();
  masked_parts parts{hidden};
  CHECK(parts.add("It is") == "It i");
  CHECK(parts.add(" sk") == "s ");
  CHECK(parts.add("-secret-").empty());
  CHECK(parts.add("1234, sk") == "(the key), ");
  CHECK(parts.finish() == "sk");
}
