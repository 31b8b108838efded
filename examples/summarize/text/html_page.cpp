#include "summarize/text/markup.hpp"

#include <algorithm>

namespace summarize {

bool looks_like_html(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  std::string start(text.substr(first, 512));
  std::transform(start.begin(), start.end(), start.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) {
    return true;
  }
  const bool opens_other =
      start.starts_with("<?xml") || start.starts_with("<!--");
  return opens_other && start.find("<html") != std::string::npos;
}

}  // namespace summarize
