#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"
#include "support/temporary_file.hpp"

#include <troupe/llm/image.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>

using troupe::errc;
using troupe::llm::image;
using namespace std::string_view_literals;
using namespace troupe_test;

namespace {

namespace fs = std::filesystem;

constexpr auto png = "\x89PNG\r\n\x1A\n\0\0"sv;

void write(const fs::path& file, std::string_view bytes) {
  std::ofstream{file, std::ios::binary} << bytes;
}

std::string reason_of(const fs::path& file) {
  std::string text;
  CHECK(code_of([&] { static_cast<void>(image::from_file(file)); }, &text) ==
        errc::bad_value);
  return text;
}

std::string reason_of_bytes(std::string_view bytes) {
  std::string text;
  CHECK(code_of([&] { static_cast<void>(image::from_bytes(bytes)); }, &text) ==
        errc::bad_value);
  return text;
}

}  // namespace

TEST_CASE("The first bytes of a picture tell its type", "[image]") {
  CHECK(image::from_bytes(png).media_type == "image/png");
  CHECK(image::from_bytes("\xFF\xD8\xFF\xE0"sv).media_type == "image/jpeg");
  CHECK(image::from_bytes("GIF89a...").media_type == "image/gif");
  CHECK(image::from_bytes("GIF87a...").media_type == "image/gif");
  CHECK(image::from_bytes("RIFF\1\2\3\4WEBPVP8 "sv).media_type == "image/webp");
  const std::string other =
      "the image is not a PNG, JPEG, GIF or WebP file: convert it, or name its "
      "media type";
  CHECK(reason_of_bytes("RIFF\1\2\3\4WAVEfmt "sv) == other);
  CHECK(reason_of_bytes("\x89PN"sv) == other);
  CHECK(reason_of_bytes("RIFF") == other);
  CHECK(reason_of_bytes("") == "the image is empty");
}

TEST_CASE("The bytes of a picture are sent in Base64", "[image]") {
  // RFC 4648, 10, and bytes above 127.
  const auto sent = [](std::string_view bytes) {
    return image::from_bytes(bytes, "image/x").data;
  };
  CHECK(sent("f") == "Zg==");
  CHECK(sent("fo") == "Zm8=");
  CHECK(sent("foo") == "Zm9v");
  CHECK(sent("foob") == "Zm9vYg==");
  CHECK(sent("foobar") == "Zm9vYmFy");
  CHECK(sent("\xFB\xFF\xFE\0"sv) == "+//+AA==");
  CHECK(image::from_bytes("any", "image/x").media_type == "image/x");
  CHECK(image::from_bytes("any", "image/x").url.empty());
}

TEST_CASE("A picture is read from a file", "[image]") {
  const temporary_file file;
  write(file.path, png);
  CHECK(image::from_file(file.path) == image::from_bytes(png));
}

TEST_CASE("A file that is no picture is named", "[image]") {
  const temporary_file file;
  const std::string name = "the image '" + file.path.string() + "' ";
  write(file.path, "a text");
  CHECK(has(reason_of(file.path), name + "is not a PNG, JPEG, GIF or WebP"));
  write(file.path, "");
  CHECK(reason_of(file.path) == name + "is empty");
  fs::remove(file.path);
  CHECK(reason_of(file.path) == name + "does not exist: check the path");
  REQUIRE(mkfifo(file.path.c_str(), 0600) == 0);
  CHECK(reason_of(file.path) == name + "is not a regular file");
  CHECK(reason_of("/") == "the image '/' is not a regular file");
}

TEST_CASE("A picture that is too large is refused", "[image]") {
  std::string bytes{png};
  bytes.resize(image::bytes_max);
  CHECK(image::from_bytes(bytes).media_type == "image/png");
  bytes += '\0';
  CHECK(reason_of_bytes(bytes) ==
        "the image has 20971521 bytes, but at most 20971520 are allowed: make "
        "it smaller");
  const temporary_file file;
  write(file.path, png);
  fs::resize_file(file.path, image::bytes_max + 1);
  CHECK(has(reason_of(file.path), "but at most 20971520 are allowed"));
}
