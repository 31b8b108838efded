#include "troupe/llm/history.hpp"

#include "troupe/json_text.hpp"

#include <algorithm>

namespace troupe::llm {

namespace {

constexpr std::uint64_t bytes_per_token = 4;
constexpr std::uint64_t tokens_per_image = 1'000;

std::string text_of(const json& arguments) {
  return write_json(arguments, bad_text::replaced);
}

std::uint64_t bytes_of(const server_content& opaque) {
  return opaque.empty() ? 0 : text_of(opaque.content).size();
}

std::uint64_t bytes_of(const message& from) {
  std::uint64_t bytes = from.text.size();
  for (const auto& each : from.calls) {
    bytes += each.name.size() + text_of(each.arguments).size() +
             bytes_of(each.opaque);
  }
  const auto kept = bytes_of(from.opaque);
  // A list has the text and the calls in it as well.
  return from.opaque.content.is_array() ? std::max(bytes, kept) : bytes + kept;
}

}  // namespace

std::uint64_t token_estimate(std::span<const message> messages) {
  std::uint64_t bytes = 0;
  std::uint64_t images = 0;
  for (const auto& each : messages) {
    bytes += bytes_of(each);
    images += each.images.size();
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
