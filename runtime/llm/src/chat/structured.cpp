#include "troupe/llm/structured.hpp"

#include "replies/reply_fields.hpp"
#include "troupe/error.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::llm {

namespace {

using detail::reply_bounds;
using detail::trimmed;

/// Of a text that is looked through for JSON.
constexpr std::size_t openings_max = 200;
constexpr std::size_t searched_max = std::size_t{1} << 20;
constexpr std::size_t shown_max = 500;

[[noreturn]] void refuse(const std::string& what) {
  throw error{errc::bad_reply, what};
}

/// Returns the text after the model has thought aloud. Nothing where it never
/// ends that. Templates may have put the first tag into the prompt.
std::string_view without_thinking(std::string_view text) {
  for (const std::string_view name :
       {"think>", "thinking>", "thought>", "reasoning>"}) {
    const auto end = text.rfind("</" + std::string{name});
    if (end != text.npos) {
      text = trimmed(text.substr(end + 2 + name.size()));
    } else if (text.starts_with("<" + std::string{name})) {
      return {};
    }
  }
  return text;
}

/// Returns the texts in the fences of Markdown; the last one may be left open.
std::vector<std::string_view> fenced_in(std::string_view text) {
  constexpr std::string_view fence = "```";
  std::vector<std::string_view> found;
  while (found.size() < openings_max) {
    const auto begin = text.find(fence);
    const auto line = text.find('\n', std::min(begin, text.size()));
    if (begin == text.npos || line == text.npos) break;
    text.remove_prefix(line + 1);
    const auto end = std::min(text.find(fence), text.size());
    found.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + fence.size(), text.size()));
  }
  return found;
}

/// Returns the end of the list or the object that `text` begins with, or 0.
std::size_t end_of_value(std::string_view text) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char each = text[i];
    if (in_text) {
      if (each == '\\') ++i;
      if (each == '"') in_text = false;
    } else if (each == '"') {
      in_text = true;
    } else if (each == '{' || each == '[') {
      ++depth;
    } else if ((each == '}' || each == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

/// A list without objects in a sentence is most likely the number of a note.
bool is_likely(const json& value) {
  return value.is_object() ||
         (value.is_array() &&
          std::any_of(value.begin(), value.end(),
                      [](const json& each) { return each.is_structured(); }));
}

/// The objects that stand among other words.
std::vector<json> values_among(std::string_view text) {
  std::vector<json> found;
  text = text.substr(0, searched_max);
  for (std::size_t tries = 0; tries < openings_max; ++tries) {
    const auto begin = text.find_first_of("{[");
    if (begin == text.npos) break;
    text.remove_prefix(begin);
    const auto end = end_of_value(text);
    auto value = end == 0 ? std::nullopt
                          : try_read_json(text.substr(0, end), reply_bounds);
    text.remove_prefix(value ? end : 1);
    if (value && is_likely(*value)) found.push_back(std::move(*value));
  }
  return found;
}

/// The one value in a reply. Of several nobody knows which is meant.
json only_value_in(std::string_view text) {
  text = trimmed(text);
  if (auto all = try_read_json(text, reply_bounds)) return std::move(*all);
  const auto said = without_thinking(text);
  if (auto rest = try_read_json(said, reply_bounds)) return std::move(*rest);
  std::vector<json> found;
  for (const auto each : fenced_in(said)) {
    if (auto value = try_read_json(each, reply_bounds)) {
      found.push_back(std::move(*value));
    }
  }
  if (found.empty()) found = values_among(said);
  if (found.empty()) {
    refuse("the reply is not JSON: '" +
           printable(text, line_breaks::joined, shown_max) + "'");
  }
  if (std::any_of(found.begin(), found.end(),
                  [&](const json& each) { return each != found.front(); })) {
    refuse(
        "the reply has several different JSON values, so none of them is taken "
        "as the answer");
  }
  return std::move(found.front());
}

}  // namespace

json read_reply(const chat_reply& reply, const json_schema& schema) {
  if (reply.finish == finish_reason::refused) {
    refuse("the model refused to answer");
  }
  if (reply.finish == finish_reason::length) {
    refuse("the reply was cut off at its maximum length: raise max_tokens");
  }
  auto value = only_value_in(reply.text());
  auto mistakes = schema.mistakes_in(value);
  // Some models write the JSON as a text in JSON.
  if (!mistakes.empty() && value.is_string()) {
    auto inner =
        try_read_json(value.get_ref<const std::string&>(), reply_bounds);
    if (inner && schema.mistakes_in(*inner).empty()) return std::move(*inner);
  }
  if (!mistakes.empty()) {
    refuse("the reply does not fit: " + joined(mistakes));
  }
  return value;
}

std::optional<std::string> mistake_in(const chat_reply& reply,
                                      const json_schema& schema) {
  const bool can_be_mended = reply.finish != finish_reason::refused &&
                             reply.finish != finish_reason::length &&
                             reply.message.calls.empty();
  if (!can_be_mended) return std::nullopt;
  try {
    static_cast<void>(read_reply(reply, schema));
  } catch (const error& why) {
    return why.message();
  }
  return std::nullopt;
}

void add_correction(std::vector<message>& conversation, message reply,
                    std::string_view why) {
  // Servers refuse a message without content.
  if (!trimmed(reply.text).empty()) conversation.push_back(std::move(reply));
  conversation.push_back(message::user(
      "This reply cannot be used: " + std::string{why} +
      "\nReply again, with nothing but JSON that fits the schema."));
}

}  // namespace troupe::llm
