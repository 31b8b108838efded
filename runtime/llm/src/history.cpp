#include "troupe/llm/history.hpp"

namespace troupe::llm {

namespace {

constexpr std::uint64_t bytes_per_token = 4;
constexpr std::uint64_t tokens_per_image = 1'000;

std::string text_of(const json& arguments) {
  return arguments.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::uint64_t token_estimate(std::span<const message> messages) {
  std::uint64_t bytes = 0;
  std::uint64_t images = 0;
  for (const auto& each : messages) {
    bytes += each.text.size();
    images += each.images.size();
    for (const auto& call : each.calls) {
      bytes += call.name.size() + text_of(call.arguments).size();
    }
  }
  return (bytes + bytes_per_token - 1) / bytes_per_token +
         images * tokens_per_image;
}

history_parts parts_of(std::span<const message> messages, std::size_t kept) {
  history_parts found;
  while (found.old < messages.size() &&
         messages[found.old].role == role::system) {
    ++found.old;
  }
  const std::size_t others = messages.size() - found.old;
  found.recent = messages.size() - std::min(kept, others);
  while (found.recent > found.old && found.recent < messages.size() &&
         messages[found.recent].role == role::tool) {
    --found.recent;
  }
  return found;
}

std::string transcript(std::span<const message> messages) {
  std::string text;
  for (const auto& each : messages) {
    if (!text.empty()) text += "\n\n";
    text += to_string(each.role);
    text += ": " + each.text;
    for (const auto& call : each.calls) {
      text +=
          "\n(calls " + call.name + " with " + text_of(call.arguments) + ")";
    }
  }
  return text;
}

}  // namespace troupe::llm
