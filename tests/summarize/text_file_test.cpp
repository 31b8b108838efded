#include "summarize/files/text_file.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using summarize::classify;
using summarize::file_status;
using summarize::list_files;
using summarize::load_file;
using summarize::outside_links;

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

void require_skipped(const summarize::listing& listing, const std::string& name,
                     const std::string& reason) {
  REQUIRE(listing.skipped.size() == 1);
  REQUIRE(listing.skipped[0].name == name);
  CAPTURE(listing.skipped[0].reason);
  REQUIRE(listing.skipped[0].reason.find(reason) != std::string::npos);
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
  const auto listing = list_files(folder.path(), outside_links::followed);
  REQUIRE(names(listing) == std::vector<std::string>{"one"});
  REQUIRE(listing.files[0].links == std::vector<std::string>{"two"});
  REQUIRE(listing.files[0].bytes == 4);
  REQUIRE(load_file(listing.files[0], no_limit).text == "text");
}

TEST_CASE("links that lead out are not followed unless that is asked for",
          "[text_file]") {
  const temporary_directory elsewhere;
  const temporary_directory folder;
  const auto target = elsewhere.write("more/secret", "text");
  fs::create_symlink(target, folder.path() / "file");
  require_skipped(list_files(folder.path()), "file",
                  "leads out of the directory, to " + target.string());
  fs::remove(folder.path() / "file");
  fs::create_symlink(elsewhere.path(), folder.path() / "folder");
  require_skipped(
      list_files(folder.path()), "folder",
      "leads out of the directory, to " + elsewhere.path().string());
  const auto listing = list_files(folder.path(), outside_links::followed);
  REQUIRE(listing.skipped.empty());
  REQUIRE(names(listing) == std::vector<std::string>{"folder/more/secret"});
  REQUIRE(load_file(listing.files[0], no_limit).text == "text");
}

TEST_CASE("a link out by way of a link inside is one that leads out",
          "[text_file]") {
  const temporary_directory elsewhere;
  const temporary_directory folder;
  elsewhere.write("secret", "text");
  fs::create_symlink(elsewhere.path(), folder.path() / "a");
  fs::create_symlink("a/secret", folder.path() / "b");
  const auto listing = list_files(folder.path());
  REQUIRE(listing.files.empty());
  REQUIRE(listing.skipped.size() == 2);
}

TEST_CASE("a directory beside the root is not under it", "[text_file]") {
  const temporary_directory folder;
  folder.write("root-2/secret", "text");
  folder.write("root/file", "text");
  fs::create_symlink("../root-2/secret", folder.path() / "root" / "link");
  require_skipped(list_files(folder.path() / "root"), "link", "leads out");
}

TEST_CASE("a link to a file inside may be absolute or by way of the outside",
          "[text_file]") {
  const temporary_directory folder;
  const auto target = folder.write("file", "text");
  fs::create_symlink(target, folder.path() / "absolute");
  fs::create_symlink("../" + folder.path().filename().string() + "/file",
                     folder.path() / "around");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"file"});
  REQUIRE(listing.files[0].links ==
          std::vector<std::string>{"absolute", "around"});
}

TEST_CASE("directories that are linked in circles are listed once",
          "[text_file]") {
  const temporary_directory folder;
  folder.write("in/file", "text");
  folder.write("out/other", "text");
  fs::create_symlink("../out", folder.path() / "in" / "away");
  fs::create_symlink("../in", folder.path() / "out" / "back");
  fs::create_symlink("..", folder.path() / "in" / "up");
  const auto listing =
      list_files(folder.path() / "in", outside_links::followed);
  const auto listed = names(listing);
  REQUIRE(listed.size() == 2);
  REQUIRE(listed.back() == "file");
  REQUIRE(listing.problems.empty());
}

TEST_CASE("what became a link after it was listed is not followed",
          "[text_file]") {
  const temporary_directory elsewhere;
  const temporary_directory folder;
  const auto secret = elsewhere.write("file", "secret");
  folder.write("a/file", "text");
  folder.write("b", "text");
  fs::create_symlink("nowhere", folder.path() / "c");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{"a/file", "b", "c"});
  fs::remove_all(folder.path() / "a");
  fs::create_symlink(elsewhere.path(), folder.path() / "a");
  for (const char* name : {"b", "c"}) {
    fs::remove(folder.path() / name);
    fs::create_symlink(secret, folder.path() / name);
  }
  require_refused(load_file(listing.files[0], no_limit),
                  file_status::unreadable, "cannot be opened: ");
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    require_refused(load_file(listing.files[i], no_limit),
                    file_status::unreadable, "is a link that was made");
  }
}

TEST_CASE("a directory that is moved away is read from where it was",
          "[text_file]") {
  const temporary_directory folder;
  folder.write("root/file", "text");
  folder.write("trap/file", "secret");
  const auto listing = list_files(folder.path() / "root");
  fs::rename(folder.path() / "root", folder.path() / "moved");
  fs::create_symlink("trap", folder.path() / "root");
  REQUIRE(load_file(listing.files.at(0), no_limit).text == "text");
}

TEST_CASE("a name that is too long is said to be that", "[text_file]") {
  const temporary_directory folder;
  const std::string part(250, 'd');
  int at = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int depth = 0; depth < 20; ++depth) {
    REQUIRE(::mkdirat(at, part.c_str(), 0700) == 0);
    const int next =
        ::openat(at, part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(at);
    at = next;
  }
  ::close(at);
  const auto listing = list_files(folder.path());
  REQUIRE(listing.files.empty());
  REQUIRE(listing.problems.size() == 1);
  REQUIRE(listing.problems[0].reason == "cannot be opened: File name too long");
}

TEST_CASE("names are opened by their bytes", "[text_file]") {
  const temporary_directory folder;
  const std::string name = "a\x1b[2J\xC2\x9B\xE9\n\\";
  folder.write(name, "text");
  const auto listing = list_files(folder.path());
  REQUIRE(names(listing) == std::vector<std::string>{name});
  REQUIRE(load_file(listing.files[0], no_limit).text == "text");
}

TEST_CASE("a text takes no more memory than it has bytes", "[text_file]") {
  const temporary_directory folder;
  const auto small = load_file(folder.write("small", "text"), no_limit);
  REQUIRE(small.text.capacity() < 64);
  const auto large =
      load_file(folder.write("large", std::string(100'000, 'x')), no_limit);
  REQUIRE(large.text.capacity() < 101'000);
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
  require_refused(load_file(listing.files[0], no_limit),
                  file_status::unreadable, "links to gone, which does not");
  require_refused(load_file(listing.files[1], no_limit),
                  file_status::unreadable,
                  "cannot be opened: Too many levels of symbolic links");
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
  REQUIRE(classify("caf\xE9 au lait").reason.find("index 3") !=
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
