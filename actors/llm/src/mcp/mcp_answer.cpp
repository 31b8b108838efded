#include "mcp/mcp_answer.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/mcp_protocol.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <utility>

namespace troupe::llm::detail {

namespace {

/// Requests of a server that are answered in one response; it may have more.
constexpr std::size_t replies_max = 1'000;
constexpr std::size_t shown_text_max = 80;

}  // namespace

bool mcp_answer_search::take(std::string_view text) {
  auto read = mcp::read_text(text, bytes_max_);
  if (read.messages.empty() && text.find('\n') != text.npos &&
      take_lines(text)) {
    return found_.has_value();
  }
  if (!read.fault.empty() && read.answered.value_or(id_) == id_) {
    throw error{errc::bad_reply,
                "the answer of the MCP server cannot be read: " + read.fault};
  }
  if (read.messages.empty()) {
    if (!other_) other_ = mcp::bare_answer(text, method_, bytes_max_);
    if (passed_over_.empty()) passed_over_ = shown_text(text);
  }
  for (auto& each : read.messages) take_message(std::move(each));
  return found_.has_value();
}

/// Some servers leave out the blank lines between events.
bool mcp_answer_search::take_lines(std::string_view lines) {
  bool has_messages = false;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto read = mcp::read_text(lines.substr(0, end), bytes_max_);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    has_messages = has_messages || !read.messages.empty();
    for (auto& each : read.messages) take_message(std::move(each));
  }
  return has_messages;
}

void mcp_answer_search::take_message(json message) {
  if (found_) return;
  if (mcp::answered_id(message) == id_ || mcp::is_failure_of_unknown(message)) {
    found_ = std::move(message);
  } else if (mcp::is_answer(message)) {
    if (!other_) other_ = std::move(message);
  } else if (auto told = mcp::message_in(message)) {
    if (!told->answer) {
      if (hears_) hears_(told->method);
    } else if (++replied_ <= replies_max) {
      replies_.push_back(std::move(*told->answer));
    }
  }
}

json mcp_answer_search::result() {
  auto& best = found_ ? found_ : other_;
  return best ? std::move(*best) : json();
}

std::vector<json> mcp_answer_search::replies() {
  return std::exchange(replies_, {});
}

std::string shown_text(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return "'" +
         printable(text.substr(begin), line_breaks::joined, shown_text_max) +
         "'";
}

}  // namespace troupe::llm::detail
