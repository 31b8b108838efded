#include "troupe/llm/http_message.hpp"

#include <algorithm>

namespace troupe::llm {

std::optional<std::string_view> http_response::header(
    std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(),
                   [&](const auto& each) { return each.name == name; });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace troupe::llm
