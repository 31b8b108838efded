#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::detail {

/// Returns whether `path` is a JSON pointer rather than one literal key.
[[nodiscard]] inline bool is_pointer(std::string_view path) noexcept {
  return path.empty() || path.front() == '/';
}

/// Adds one reference token to a JSON pointer.
void append_token(std::string& pointer, std::string_view key);

/// The JSON pointer for a path of the state.
[[nodiscard]] std::string pointer_of(std::string_view path);

/// The number of steps from the root.
[[nodiscard]] std::size_t length_of(std::string_view path) noexcept;

/// The position that a token names in an array, if it does.
[[nodiscard]] std::optional<std::size_t> position_of(
    std::string_view token) noexcept;

/// Takes a path of the state apart, token by token.
class path_reader {
 public:
  explicit path_reader(std::string_view path) noexcept
      : rest_{path}, literal_{!is_pointer(path)} {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  /// Returns the part that is not yet read.
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  /// The next token, valid until the next call.
  /// @pre `!done()`. Errors: errc::bad_value for a malformed escape.
  [[nodiscard]] std::string_view next();

 private:
  std::string_view rest_;
  bool literal_;
  std::string unescaped_;
};

}  // namespace troupe::detail
