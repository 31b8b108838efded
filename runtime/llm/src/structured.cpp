#include "troupe/llm/structured.hpp"

#include "troupe/error.hpp"

#include <string_view>

namespace troupe::llm {

namespace {

constexpr std::string_view spaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

/// What is in a fence of Markdown that is all there is, or the text as it is.
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view fence = "```";
  text = trimmed(text);
  const auto line = text.find('\n');
  if (text.rfind(fence, 0) != 0 || line == std::string_view::npos) return text;
  auto inner = text.substr(line + 1);
  if (inner.size() >= fence.size() &&
      inner.substr(inner.size() - fence.size()) == fence) {
    inner.remove_suffix(fence.size());
  }
  return trimmed(inner);
}

[[noreturn]] void refuse(const std::string& what) {
  throw error{errc::bad_reply, what};
}

}  // namespace

json read_reply(const chat_reply& reply, const json_schema& schema) {
  if (reply.finish == finish_reason::refused) {
    refuse("the model refuses to answer");
  }
  if (reply.finish == finish_reason::length) {
    refuse("the reply was cut because it was too long");
  }
  auto value = json::parse(without_fence(reply.text()), nullptr,
                           /*allow_exceptions=*/false);
  if (value.is_discarded()) refuse("the reply is no JSON");
  const auto mistakes = schema.mistakes_in(value);
  if (!mistakes.empty()) {
    refuse("the reply does not fit: " + joined(mistakes));
  }
  return value;
}

}  // namespace troupe::llm
