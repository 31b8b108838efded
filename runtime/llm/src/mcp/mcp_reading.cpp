// The reading of what servers of the Model Context Protocol send: texts, and
// the messages in them.

#include "mcp/mcp_member.hpp"
#include "text/json_mending.hpp"
#include "troupe/error.hpp"
#include "troupe/http/url.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/mcp_protocol.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

namespace troupe::llm::mcp {

namespace {

using detail::code_of;
using detail::member;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view spaces = " \t\r\n";
// JSON-RPC 2.0, 5.1: the method does not exist.
constexpr std::int64_t unknown_method = -32601;

// -- ids ----------------------------------------------------------------------

std::optional<std::uint64_t> number_in(std::string_view digits) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, number);
  const bool is_plain = digits.size() == 1 || !digits.starts_with('0');
  if (fault != std::errc{} || stop != end || !is_plain) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_of(const json& id) {
  constexpr double exact_max = 9'007'199'254'740'992.0;
  if (id.is_string()) return number_in(id.get_ref<const std::string&>());
  if (id.is_number_float()) {
    const auto number = id.get<double>();
    if (!(number >= 0 && number < exact_max) || std::floor(number) != number) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(number);
  }
  if (!id.is_number_integer() || id < 0) return std::nullopt;
  return id.get<std::uint64_t>();
}

/// Reads the members of the outermost object of a text that is no JSON, as far
/// as needed to find the request that it answers.
class outer_members {
 public:
  explicit outer_members(std::string_view text) : text_(text) { read(); }

  [[nodiscard]] bool looks_like_answer() const {
    return has_version_ && !has_method_;
  }
  [[nodiscard]] std::optional<std::uint64_t> id() const { return id_; }

 private:
  void read() {
    int depth = 0;
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const char each = text_[at];
      if (each == '{' || each == '[') ++depth;
      if (each == '}' || each == ']') --depth;
      if (each != '"') continue;
      const auto begin = at + 1;
      at = end_of_text(begin);
      if (depth == 1) take(text_.substr(begin, at - begin), at + 1);
    }
  }
  [[nodiscard]] std::size_t end_of_text(std::size_t at) const {
    while (at < text_.size() && text_[at] != '"')
      at += text_[at] == '\\' ? 2 : 1;
    return std::min(at, text_.size());
  }
  void take(std::string_view word, std::size_t after) {
    after = text_.find_first_not_of(spaces, std::min(after, text_.size()));
    if (after == text_.npos || text_[after] != ':') return;
    if (word == "jsonrpc") has_version_ = true;
    if (word == "method") has_method_ = true;
    if (word != "id") return;
    after = text_.find_first_not_of(" \t\r\n\"", after + 1);
    if (after == text_.npos) return;
    const auto end = text_.find_first_of(" \t\r\n\",}", after);
    id_ = number_in(text_.substr(after, end - after));
  }

  std::string_view text_;
  bool has_version_ = false;
  bool has_method_ = false;
  std::optional<std::uint64_t> id_;
};

bool is_message(const json& form) {
  return form.is_object() && (form.contains("jsonrpc") || is_answer(form));
}

std::string in_lower_case(std::string_view text) {
  std::string into{text};
  std::transform(
      into.begin(), into.end(), into.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return into;
}

bool speaks_of_session(std::string_view text) {
  return in_lower_case(text).find("session") != std::string::npos;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  return text;
}

/// Without the sequences for a terminal that it begins with (ECMA-48, 5.4).
std::string_view without_colours(std::string_view text) {
  while (text.starts_with("\x1b[")) {
    const auto end = text.find_first_not_of("0123456789;?", 2);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return text;
}

bool begins_value(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

void take_messages(json form, server_text& into) {
  if (!form.is_array()) {
    if (is_message(form)) into.messages.push_back(std::move(form));
    return;
  }
  for (auto& each : form) {
    if (is_message(each)) into.messages.push_back(std::move(each));
  }
}

/// Takes what is no JSON as a whole: several values, or one that cannot be
/// read.
void take_values(std::string_view text, const json_bounds& limits,
                 server_text& into) {
  // Not by recursion: there may be any number of them.
  while (begins_value(text)) {
    const auto end = end_of_json(text).value_or(text.size());
    const auto one = text.substr(0, end);
    try {
      take_messages(read_json(one, limits), into);
    } catch (const error& why) {
      const outer_members members{one};
      if (into.fault.empty() && members.looks_like_answer()) {
        into.fault = why.message();
        into.answered = members.id();
      }
    }
    const auto next = text.find_first_not_of(" \t\r\n,", end);
    text = next == text.npos ? std::string_view{} : text.substr(next);
  }
}

}  // namespace

server_text read_text(std::string_view text, std::size_t bytes_max) {
  text = without_colours(without_mark(text));
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  server_text found;
  if (text.starts_with('"')) {
    // A message as text in JSON.
    const auto inner = try_read_json(text, {.bytes = bytes_max});
    const bool is_text = inner && inner->is_string();
    return is_text && !inner->get_ref<const std::string&>().starts_with('"')
               ? read_text(inner->get_ref<const std::string&>(), bytes_max)
               : found;
  }
  // Any other text before a message is that of a log.
  if (!begins_value(text)) return found;
  const json_bounds limits{.bytes = bytes_max};
  if (auto form = try_read_json(text, limits)) {
    take_messages(std::move(*form), found);
  } else if (text.size() <= bytes_max) {
    // The replacement of a wrong byte has more bytes.
    take_values(llm::detail::mended_json(text), {.bytes = 6 * bytes_max},
                found);
  }
  return found;
}

namespace {

/// The members of which a result has one at least.
std::vector<const char*> marks_of(std::string_view method) {
  if (method == "tools/list") return {"tools"};
  if (method == "tools/call") return {"content", "structuredContent"};
  if (method == "initialize") return {"protocolVersion", "serverInfo"};
  if (method == "server/discover") return {"supportedVersions"};
  if (method.starts_with("tasks/")) return {"taskId"};
  return {};
}

bool has_any(const json& form, const std::vector<const char*>& names) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) {
    return member(form, each) != nullptr;
  });
}

}  // namespace

std::optional<json> bare_answer(std::string_view text, std::string_view method,
                                std::size_t bytes_max) {
  auto form = try_read_json(without_mark(text), {.bytes = bytes_max});
  if (!form || !form->is_object() || member(*form, "method") != nullptr) {
    return std::nullopt;
  }
  json answer = {{"jsonrpc", "2.0"}};
  const auto take = [&](const char* key) {
    const auto* found = member(*form, key);
    if (found != nullptr) answer[key] = *found;
    return found != nullptr;
  };
  if (has_any(*form, marks_of(method))) {
    answer["result"] = std::move(*form);
  } else if (!take("result") && !take("error")) {
    return std::nullopt;
  }
  return answer;
}

bool is_answer(const json& message) {
  if (!message.is_object()) return false;
  if (message.contains("result") || member(message, "error") != nullptr) {
    return message.contains("jsonrpc") || member(message, "id") != nullptr;
  }
  return message.contains("jsonrpc") && message.contains("id") &&
         !message.contains("method");
}

std::optional<std::uint64_t> answered_id(const json& message) {
  if (!is_answer(message)) return std::nullopt;
  const auto* id = member(message, "id");
  return id == nullptr ? std::nullopt : number_of(*id);
}

bool is_failure_of_unknown(const json& message) {
  if (!message.is_object() || !message.contains("jsonrpc")) return false;
  const auto* failure = member(message, "error");
  return failure != nullptr && failure->is_object() &&
         member(message, "id") == nullptr;
}

std::optional<server_message> message_in(const json& message) {
  const auto* method = member(message, "method");
  if (method == nullptr || !method->is_string() || is_answer(message)) {
    return std::nullopt;
  }
  server_message found{method->get<std::string>(), {}};
  const auto* id = member(message, "id");
  if (id == nullptr) return found;
  json answer = {{"jsonrpc", "2.0"}, {"id", *id}};
  if (found.method == "ping") {
    answer["result"] = json::object();
  } else {
    answer["error"] = {{"code", unknown_method},
                       {"message", "this client does not support it"}};
  }
  found.answer = std::move(answer);
  return found;
}

bool says_session_is_lost(std::string_view text) {
  constexpr std::size_t looked_at_max = 4'096;
  const auto plain = in_lower_case(text.substr(0, looked_at_max));
  const auto has = [&](std::string_view word) {
    return plain.find(word) != plain.npos;
  };
  static constexpr std::array<std::string_view, 13> ends = {
      "not found",  "expired",    "invalid",   "unknown", "terminated",
      "missing",    "no valid",   "not exist", "closed",  "no longer",
      "no session", "not active", "lost"};
  static constexpr std::array<std::string_view, 4> beginnings = {
      "not initialized", "before initialization", "expect initialize",
      "initialize request"};
  return (has("session") && std::any_of(ends.begin(), ends.end(), has)) ||
         std::any_of(beginnings.begin(), beginnings.end(), has);
}

bool denies_session(const json& answer) {
  const auto* failure = member(answer, "error");
  if (failure == nullptr) return false;
  const auto code = code_of(*failure);
  const auto* words =
      failure->is_string() ? failure : member(*failure, "message");
  const bool may_be = code == 0 || (code >= -32002 && code <= -32000) ||
                      (code >= -32602 && code <= -32600);
  return may_be && words != nullptr && words->is_string() &&
         says_session_is_lost(words->get_ref<const std::string&>());
}

bool denies_session(int status, std::string_view body) {
  if (status == 404) return true;
  if (status == 429) return false;
  if (status != 400 && status != 409) return says_session_is_lost(body);
  if (status == 409 && body.empty()) return true;
  if (speaks_of_session(body) || says_session_is_lost(body)) return true;
  const auto form = try_read_json(body);
  const auto* failure = form ? member(*form, "error") : nullptr;
  if (failure == nullptr) return false;
  const auto code = code_of(*failure);
  return code == -32000 || code == -32001;
}

std::string resource_metadata_in(std::string_view challenge) {
  static constexpr std::string_view name = "resource_metadata=";
  const auto begin = challenge.find(name);
  if (begin == challenge.npos) return {};
  auto rest = challenge.substr(begin + name.size());
  const bool is_quoted = rest.starts_with('"');
  if (is_quoted) rest.remove_prefix(1);
  rest = rest.substr(0, rest.find_first_of(is_quoted ? "\"" : ", "));
  return is_web_url(rest) ? std::string{rest} : std::string{};
}

}  // namespace troupe::llm::mcp
