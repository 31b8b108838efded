#include "document/path.hpp"

#include "troupe/error.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace troupe::detail {

void append_token(std::string& pointer, std::string_view key) {
  pointer += '/';
  for (const char byte : key) {
    if (byte == '~') {
      pointer += "~0";
    } else if (byte == '/') {
      pointer += "~1";
    } else {
      pointer += byte;
    }
  }
}

std::string pointer_of(std::string_view path) {
  if (is_pointer(path)) return std::string{path};
  std::string pointer;
  append_token(pointer, path);
  return pointer;
}

std::size_t length_of(std::string_view path) noexcept {
  if (!is_pointer(path)) return 1;
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

std::optional<std::size_t> position_of(std::string_view token) noexcept {
  std::size_t position = 0;
  const char* end = token.data() + token.size();
  const auto [stop, failure] = std::from_chars(token.data(), end, position);
  const bool padded = token.size() > 1 && token.front() == '0';
  if (failure != std::errc{} || stop != end || padded) return std::nullopt;
  return position;
}

std::string_view path_reader::next() {
  assert(!done());
  if (literal_) {
    const std::string_view key = rest_;
    rest_ = {};
    return key;
  }
  const std::size_t end = std::min(rest_.find('/', 1), rest_.size());
  const std::string_view token = rest_.substr(1, end - 1);
  rest_.remove_prefix(end);
  if (token.find('~') == token.npos) return token;
  unescaped_.clear();
  for (std::size_t i = 0; i != token.size(); ++i) {
    if (token[i] != '~') {
      unescaped_ += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) {
      throw error{errc::bad_value, "a \"~\" in the JSON pointer token \"" +
                                       std::string{token} +
                                       "\" is not followed by 0 or 1"};
    }
    unescaped_ += token[i] == '0' ? '~' : '/';
  }
  return unescaped_;
}

}  // namespace troupe::detail
