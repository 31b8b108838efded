#include "summarize/text_file.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>

using summarize::classify;
using summarize::file_status;
using summarize::list_files;
using summarize::load_file;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> names(const summarize::listing& listing) {
  std::vector<std::string> result;
  for (const auto& file : listing.files) result.push_back(file.name);
  return result;
}

void require_refused(const summarize::loaded_file& file, file_status status,
                     const std::string& reason) {
  CAPTURE(file.reason);
  REQUIRE(file.status == status);
  REQUIRE(file.text.empty());
  REQUIRE(file.reason.find(reason) != std::string::npos);
}

constexpr std::uintmax_t no_limit = 1'000'000;

}  // namespace

TEST_CASE("files are listed by name, those in folders too", "[text_file]") {
  const temporary_directory folder;
  folder.write("b.txt", "b");
  folder.write("a/z.txt", "z");
  folder.write("a/deep/er/y.txt", "y");
  folder.write(".hidden", "h");
  fs::create_directory(folder.path() / "nothing");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{".hidden",
                                                     "a/deep/er/y.txt",
                                                     "a/z.txt", "b.txt"});
  REQUIRE(listing.skipped.empty());
  REQUIRE(listing.problems.empty());
}

TEST_CASE("a link to a listed file is a second name of it", "[text_file]") {
  const temporary_directory folder;
  folder.write("GPL-3", "text");
  fs::create_symlink("GPL-3", folder.path() / "GPL");
  fs::create_symlink("GPL", folder.path() / "A-link-to-the-link");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"GPL-3"});
  REQUIRE(listing.files[0].links ==
          std::vector<std::string>{"A-link-to-the-link", "GPL"});
}

TEST_CASE("links to one file elsewhere are listed once", "[text_file]") {
  const temporary_directory elsewhere;
  const temporary_directory folder;
  const auto target = elsewhere.write("target", "text");
  fs::create_symlink(target, folder.path() / "one");
  fs::create_symlink(target, folder.path() / "two");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"one"});
  REQUIRE(listing.files[0].links == std::vector<std::string>{"two"});
  REQUIRE(load_file(listing.files[0].path, no_limit).text == "text");
}

TEST_CASE("links to directories are not followed", "[text_file]") {
  const temporary_directory folder;
  folder.write("a/file", "text");
  fs::create_directory_symlink("..", folder.path() / "a" / "up");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"a/file"});
  REQUIRE(listing.skipped.size() == 1);
  REQUIRE(listing.skipped[0].name == "a/up");
  REQUIRE(listing.skipped[0].reason == "link to a directory, not followed");
}

TEST_CASE("a pipe is passed over", "[text_file]") {
  const temporary_directory folder;
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  const auto listing = list_files(folder.path());
  REQUIRE(listing.files.empty());
  REQUIRE(listing.skipped.size() == 1);
  REQUIRE(listing.skipped[0].name == "pipe");
}

TEST_CASE("a directory that cannot be listed is a problem, not an exception",
          "[text_file]") {
  const temporary_directory folder;
  const auto listing = list_files(folder.path() / "missing");
  REQUIRE(listing.files.empty());
  REQUIRE(listing.problems.size() == 1);
  REQUIRE(listing.problems[0].reason.find("cannot be listed") == 0);
}

TEST_CASE("links that lead nowhere are listed and fail to load",
          "[text_file]") {
  const temporary_directory folder;
  fs::create_symlink("gone", folder.path() / "dangling");
  fs::create_symlink("loop", folder.path() / "loop");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"dangling", "loop"});
  require_refused(load_file(listing.files[0].path, no_limit),
                  file_status::unreadable, "links to gone, which does not");
  require_refused(load_file(listing.files[1].path, no_limit),
                  file_status::unreadable, "cannot be opened: ");
}

TEST_CASE("a text is loaded whole", "[text_file]") {
  const temporary_directory folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line\n";
  const auto loaded = load_file(folder.write("long", text), no_limit);
  REQUIRE(loaded.status == file_status::ok);
  REQUIRE(loaded.text == text);
  REQUIRE(loaded.bytes == text.size());
  REQUIRE(loaded.reason.empty());
}

TEST_CASE("a file of unknown size is read to its end", "[text_file]") {
  // The size of this one is given as 0.
  const auto loaded = load_file("/proc/self/status", no_limit);
  REQUIRE(loaded.status == file_status::ok);
  REQUIRE(loaded.text.find("Name:") == 0);
  require_refused(load_file("/proc/self/status", 10), file_status::too_large,
                  "the limit is 10");
}

TEST_CASE("the limit on the size is exact", "[text_file]") {
  const temporary_directory folder;
  const auto path = folder.write("five", "12345");
  REQUIRE(load_file(path, 5).status == file_status::ok);
  require_refused(load_file(path, 4), file_status::too_large,
                  "has 5 bytes, the limit is 4");
}

TEST_CASE("what took a file's place is reported", "[text_file]") {
  const temporary_directory folder;
  fs::create_directory(folder.path() / "directory");
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  require_refused(load_file(folder.path() / "directory", no_limit),
                  file_status::unreadable, "is a directory");
  require_refused(load_file(folder.path() / "pipe", no_limit),
                  file_status::unreadable, "is not a regular file");
  require_refused(load_file(folder.path() / "vanished", no_limit),
                  file_status::unreadable, "no longer exists");
}

TEST_CASE("contents are told apart", "[text_file]") {
  REQUIRE(classify("caf\u00E9 \u6F22\U0001F600").status == file_status::ok);
  require_refused(classify(""), file_status::empty, "is empty");
  require_refused(classify(" \n\t\r\n"), file_status::empty, "white space");
  require_refused(classify("\xEF\xBB\xBF\n"), file_status::empty,
                  "white space");
  require_refused(classify(std::string("ab\0c", 4)), file_status::binary,
                  "NUL byte at index 2");
  require_refused(classify("\xFF\xFE"
                           "a"),
                  file_status::binary, "UTF-16");
}

TEST_CASE("bytes that are not UTF-8 are reported with their place",
          "[text_file]") {
  for (const char* bytes :
       {"caf\xE9 au lait", "cut \xE2\x82", "overlong \xC0\xAF",
        "surrogate \xED\xA0\x80", "too high \xF4\x90\x80\x80", "\x80"}) {
    CAPTURE(bytes);
    require_refused(classify(bytes), file_status::binary, "is not UTF-8");
  }
  REQUIRE(classify("caf\xE9 au lait").reason.find("index 4") !=
          std::string::npos);
}

TEST_CASE("a byte order mark is left out", "[text_file]") {
  const auto loaded = classify("\xEF\xBB\xBFtext");
  REQUIRE(loaded.status == file_status::ok);
  REQUIRE(loaded.text == "text");
  REQUIRE(loaded.bytes == 7);
}

TEST_CASE("words are what stands between white space", "[text_file]") {
  REQUIRE(summarize::count_words("") == 0);
  REQUIRE(summarize::count_words("  one\ttwo\n\nthree ") == 3);
}
