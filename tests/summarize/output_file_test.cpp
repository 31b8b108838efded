#include "summarize/output_file.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <iterator>
#include <system_error>

using summarize::output_file;

namespace {

namespace fs = std::filesystem;

auto entries_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder),
                       fs::directory_iterator());
}

}  // namespace

TEST_CASE("a committed file has the content and no leftovers beside it",
          "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / "result";
  {
    output_file file(path);
    file.stream() << "all of it";
    file.commit();
  }
  REQUIRE(temporary_directory::content(path) == "all of it");
  REQUIRE(entries_in(folder.path()) == 1);
}

TEST_CASE("without a commit the old content stays", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.write("result", "old");
  { output_file(path).stream() << "half"; }
  REQUIRE(temporary_directory::content(path) == "old");
  REQUIRE(entries_in(folder.path()) == 1);
}

TEST_CASE("an existing file keeps its permissions", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.write("result", "old");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  output_file file(path);
  file.stream() << "new";
  file.commit();
  REQUIRE(temporary_directory::content(path) == "new");
  REQUIRE(fs::status(path).permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("a link is followed, not replaced", "[output_file]") {
  const temporary_directory folder;
  const auto target = folder.write("target", "old");
  fs::create_symlink("target", folder.path() / "link");
  output_file file(folder.path() / "link");
  file.stream() << "new";
  file.commit();
  REQUIRE(fs::is_symlink(folder.path() / "link"));
  REQUIRE(temporary_directory::content(target) == "new");
}

TEST_CASE("a device is written to, not replaced", "[output_file]") {
  output_file file("/dev/null");
  file.stream() << "gone";
  file.commit();
  REQUIRE(fs::is_character_file("/dev/null"));
}

TEST_CASE("a place that cannot be written to is refused at once",
          "[output_file]") {
  const temporary_directory folder;
  const auto missing = folder.path() / "missing" / "result";
  REQUIRE_THROWS_AS(output_file(missing), std::system_error);
  REQUIRE_THROWS_AS(output_file(folder.path()), std::system_error);
}

TEST_CASE("a full disk is noticed at the commit", "[output_file]") {
  output_file file("/dev/full");
  file.stream() << "too much";
  REQUIRE_THROWS_AS(file.commit(), std::system_error);
}
