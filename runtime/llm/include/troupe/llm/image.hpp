#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace troupe::llm {

/// A picture that goes with a message.
///
/// Thread safety: confined to one actor or task.
struct image {
  /// The maximum size of a picture, in bytes before Base64. Servers may have
  /// lower limits.
  static constexpr std::size_t bytes_max = std::size_t{20} << 20;

  /// Makes an image from the bytes of a picture; the first ones tell whether it
  /// is PNG, JPEG, GIF or WebP. Errors: throws a permanent `errc::bad_value`
  /// for other bytes, for none, and for more than `bytes_max`.
  [[nodiscard]] static image from_bytes(std::string_view bytes);
  /// The same for a picture of a type that the server knows, such as
  /// "image/png". The bytes are not checked.
  [[nodiscard]] static image from_bytes(std::string_view bytes,
                                        std::string media_type);
  /// Reads a file, as `from_bytes` does. It blocks as long as the disk takes.
  /// Errors: throws a permanent `errc::bad_value` that names the file, also for
  /// one that cannot be read or is not a regular file.
  [[nodiscard]] static image from_file(const std::filesystem::path& file);

  /// The URL at which the server finds it; or empty, and it is in `data`.
  std::string url = {};
  /// Its bytes in Base64.
  std::string data = {};
  /// The media type of `data`, for example "image/png".
  std::string media_type = {};

  friend bool operator==(const image&, const image&) = default;
};

}  // namespace troupe::llm
