#include "summarize/files/output_file.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

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

TEST_CASE("a pipe that nobody reads from is refused", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::string why;
  try {
    const output_file file(path);
  } catch (const std::system_error& fault) {
    why = fault.what();
  }
  REQUIRE(why.find("no program reads from it") != std::string::npos);
}

TEST_CASE("a pipe with a reader is written to", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  output_file file(path);
  file.stream() << "all";
  file.commit();
  char read_there[8];
  REQUIRE(::read(reader, read_there, sizeof read_there) == 3);
  ::close(reader);
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

TEST_CASE("a new file has the permissions that the user asks for",
          "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / "result";
  const mode_t before = ::umask(027);
  output_file file(path);
  file.commit();
  ::umask(before);
  REQUIRE(fs::status(path).permissions() == fs::perms{0640});
}

TEST_CASE("the temporary file has another name each time", "[output_file]") {
  const temporary_directory folder;
  output_file one(folder.path() / "result");
  output_file other(folder.path() / "result");
  REQUIRE(entries_in(folder.path()) == 2);
  one.stream() << "one";
  other.stream() << "other";
  one.commit();
  other.commit();
  REQUIRE(temporary_directory::content(folder.path() / "result") == "other");
  REQUIRE(entries_in(folder.path()) == 1);
}

TEST_CASE("what a killed process left is removed, and nothing else",
          "[output_file]") {
  const temporary_directory folder;
  const auto victim = folder.write("victim", "kept");
  const auto left = folder.write("result.part-0123456789abcdef", "half");
  const auto trap = folder.path() / "result.part-0123456789abcde1";
  fs::create_symlink("victim", trap);
  const auto used = folder.write("result.part-0123456789abcde2", "half");
  const int writer = ::open(used.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(writer, LOCK_EX) == 0);
  fs::create_hard_link(victim, folder.path() / "result.part-0123456789abcde3");
  folder.write("result.part-1", "of the user");
  folder.write("result.part-0123456789abcdeX", "of the user");
  folder.write("other.part-0123456789abcdef", "of another");
  REQUIRE(entries_in(folder.path()) == 8);

  summarize::remove_leftovers(folder.path() / "result");

  REQUIRE_FALSE(fs::exists(left));
  REQUIRE(entries_in(folder.path()) == 7);
  REQUIRE(fs::is_symlink(trap));
  REQUIRE(temporary_directory::content(victim) == "kept");
  ::close(writer);
  summarize::remove_leftovers(folder.path() / "result");
  REQUIRE_FALSE(fs::exists(used));
}

TEST_CASE("a file that is being written is no leftover", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / "result";
  output_file file(path);
  file.stream() << "text";
  summarize::remove_leftovers(path);
  file.commit();
  REQUIRE(temporary_directory::content(path) == "text");
}

TEST_CASE("a name may be as long as the system lets it be", "[output_file]") {
  const temporary_directory folder;
  const auto path = folder.path() / std::string(255, 'n');
  output_file file(path);
  file.stream() << "text";
  file.commit();
  REQUIRE(temporary_directory::content(path) == "text");
  REQUIRE_THROWS_AS(output_file(folder.path() / std::string(256, 'n')),
                    std::system_error);
}

TEST_CASE("a link of another user is not followed where all may write",
          "[output_file]") {
  if (::geteuid() != 0) return;  // Nobody else can give links away.
  const temporary_directory folder;
  const auto open = folder.path() / "open";
  fs::create_directory(open);
  fs::permissions(open, fs::perms{01777});
  const auto target = folder.write("target", "old");
  fs::create_symlink(target, open / "link");
  REQUIRE(::lchown((open / "link").c_str(), 65534, 65534) == 0);
  REQUIRE_THROWS_AS(output_file(open / "link"), std::system_error);
  REQUIRE(temporary_directory::content(target) == "old");
  REQUIRE(entries_in(open) == 1);
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

TEST_CASE("a link to what is not there yet is followed as well",
          "[output_file]") {
  const temporary_directory folder;
  fs::create_symlink("second", folder.path() / "first");
  fs::create_symlink("target", folder.path() / "second");
  fs::create_symlink("none/target", folder.path() / "astray");
  fs::create_symlink("endless", folder.path() / "endless");
  output_file file(folder.path() / "first");
  file.stream() << "new";
  file.commit();
  REQUIRE(fs::is_symlink(folder.path() / "first"));
  REQUIRE(fs::is_symlink(folder.path() / "second"));
  REQUIRE(temporary_directory::content(folder.path() / "target") == "new");
  for (const char* name : {"astray", "endless"}) {
    REQUIRE_THROWS_AS(output_file(folder.path() / name), std::system_error);
    REQUIRE(fs::is_symlink(folder.path() / name));
  }
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
