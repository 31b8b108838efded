#include "troupe/llm/mcp_protocol.hpp"

#include <algorithm>

namespace troupe::llm::mcp {

namespace {

constexpr std::string_view mark_begin = "=?base64?";
constexpr std::string_view mark_end = "?=";

// RFC 4648, 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto part = bytes.substr(i, 3);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto byte =
          j < part.size() ? static_cast<unsigned char>(part[j]) : 0U;
      group = group << 8U | byte;
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const auto letter = group >> (18 - 6 * j) & 63U;
      text += j <= part.size() ? letters[letter] : '=';
    }
  }
  return text;
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  if (text.starts_with(mark_begin)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char each) { return each >= ' ' && each <= '~'; });
}

}  // namespace

std::optional<std::string> name_in(const json& request) {
  const auto params = request.find("params");
  if (params == request.end() || !params->is_object()) return std::nullopt;
  for (const char* key : {"name", "taskId", "uri"}) {
    const auto found = params->find(key);
    if (found != params->end() && found->is_string()) {
      return found->get<std::string>();
    }
  }
  return std::nullopt;
}

std::string header_value(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  return std::string{mark_begin} + base64(text) + std::string{mark_end};
}

}  // namespace troupe::llm::mcp
