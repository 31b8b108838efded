#include "troupe/llm/image.hpp"

#include "text/base64.hpp"
#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <fstream>
#include <ios>
#include <system_error>
#include <utility>

namespace troupe::llm {

namespace {

[[noreturn]] void refuse_image(const std::string& which,
                               const std::string& why) {
  throw error{errc::bad_value, which + " " + why}.permanent();
}

[[noreturn]] void refuse_size(const std::string& which, const char* least,
                              std::size_t size) {
  refuse_image(which, "has " + std::string{least} + std::to_string(size) +
                          " bytes, but at most " +
                          std::to_string(image::bytes_max) +
                          " are allowed: make it smaller");
}

/// Returns the media type by the first bytes, or nothing.
std::string_view type_by_first_bytes(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return "image/png";
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return "image/jpeg";
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) {
    return "image/gif";
  }
  // Between both is the size of the file.
  if (bytes.starts_with("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv)) {
    return "image/webp";
  }
  return {};
}

image image_of(std::string_view bytes, std::string media_type,
               const std::string& which) {
  if (bytes.empty()) refuse_image(which, "is empty");
  if (bytes.size() > image::bytes_max) refuse_size(which, "", bytes.size());
  if (media_type.empty()) media_type = type_by_first_bytes(bytes);
  if (media_type.empty()) {
    refuse_image(which,
                 "is not a PNG, JPEG, GIF or WebP file: convert it, or name "
                 "its media type");
  }
  return {.data = detail::to_base64(bytes),
          .media_type = std::move(media_type)};
}

/// Reads a regular file, one byte more than allowed at most.
std::string content_of_image(const std::filesystem::path& file,
                             const std::string& which) {
  std::error_code fault;
  const auto kind = std::filesystem::status(file, fault).type();
  if (kind == std::filesystem::file_type::not_found) {
    refuse_image(which, "does not exist: check the path");
  }
  if (fault) refuse_image(which, "cannot be read: " + fault.message());
  // To open a pipe would wait for its other end.
  if (kind != std::filesystem::file_type::regular) {
    refuse_image(which, "is not a regular file");
  }
  std::ifstream in{file, std::ios::binary};
  std::string bytes;
  std::string part(std::size_t{64} << 10, '\0');
  while (in && bytes.size() <= image::bytes_max) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    bytes.append(part, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof() && bytes.size() <= image::bytes_max) {
    refuse_image(which, "cannot be read: check its permissions");
  }
  if (bytes.size() > image::bytes_max) {
    refuse_size(which, "at least ", bytes.size());
  }
  return bytes;
}

}  // namespace

image image::from_bytes(std::string_view bytes) {
  return image_of(bytes, {}, "the image");
}

image image::from_bytes(std::string_view bytes, std::string media_type) {
  return image_of(bytes, std::move(media_type), "the image");
}

image image::from_file(const std::filesystem::path& file) {
  const auto which =
      "the image '" + printable(file.string(), line_breaks::joined, 200) + "'";
  return image_of(content_of_image(file, which), {}, which);
}

}  // namespace troupe::llm
