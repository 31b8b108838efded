#include "redaction.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace troupe::llm::detail {

std::string without_key(std::string text, const std::string& key) {
  static constexpr std::string_view instead = "(the key)";
  static constexpr std::size_t key_min = 8;
  if (key.size() < key_min) return text;
  for (auto at = text.find(key); at != text.npos;
       at = text.find(key, at + instead.size())) {
    text.replace(at, key.size(), instead);
  }
  return text;
}

error without_key(error why, const std::string& key) {
  auto text = without_key(why.message(), key);
  if (text == why.message()) return why;
  error clean{why.code(), std::move(text)};
  if (why.is_permanent()) clean.permanent();
  if (const auto wait = why.retry_after()) clean.retry_after(*wait);
  return clean;
}

}  // namespace troupe::llm::detail
