#include "troupe/http/sse.hpp"

#include "troupe/error.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace troupe {

namespace {

// Returns the end of a line; std::string_view::find_first_of takes a call for
// each byte.
std::size_t end_of_line(std::string_view bytes) {
  const auto found = std::find_if(bytes.begin(), bytes.end(), [](char each) {
    return each == '\n' || each == '\r';
  });
  return static_cast<std::size_t>(found - bytes.begin());
}

}  // namespace

void sse_parser::feed(std::string_view bytes) {
  if (after_return_ && !bytes.empty()) {
    after_return_ = false;
    if (bytes.front() == '\n') bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const std::size_t end = end_of_line(bytes);
    if (end == bytes.size()) {
      count(line_.size() + bytes.size());
      line_ += bytes;
      return;
    }
    count(line_.size() + end);
    if (line_.empty()) {
      take_line(bytes.substr(0, end));
    } else {
      line_ += bytes.substr(0, end);
      take_line(std::exchange(line_, {}));
    }
    const bool is_return = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!is_return) continue;
    after_return_ = bytes.empty();
    if (!bytes.empty() && bytes.front() == '\n') bytes.remove_prefix(1);
  }
}

std::optional<sse_event> sse_parser::next() {
  if (ready_.empty()) return std::nullopt;
  std::optional first{std::move(ready_.front())};
  ready_.pop_front();
  return first;
}

// Refuses what would make the event under way too long.
void sse_parser::count(std::size_t bytes) {
  if (bytes <= event_max_ && size_ <= event_max_ - bytes) return;
  throw error{errc::too_large, "an event of the stream has more than " +
                                   std::to_string(event_max_) + " bytes"}
      .permanent();
}

void sse_parser::take_line(std::string_view line) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (std::exchange(is_first_line_, false) &&
      line.starts_with(byte_order_mark)) {
    line.remove_prefix(byte_order_mark.size());
  }
  if (line.empty()) {
    dispatch();
    return;
  }
  size_ += line.size();
  const std::size_t colon = line.find(':');
  if (colon == 0) return;
  if (colon == line.npos) {
    take_field(line, {});
    return;
  }
  std::string_view content = line.substr(colon + 1);
  if (content.starts_with(' ')) content.remove_prefix(1);
  take_field(line.substr(0, colon), content);
}

void sse_parser::take_field(std::string_view name, std::string_view content) {
  if (name == "data") {
    data_ += content;
    data_ += '\n';
  } else if (name == "error") {
    error_ += content;
    error_ += '\n';
  } else if (name == "event") {
    type_ = content;
  } else if (name == "id") {
    if (content.find('\0') == content.npos) id_ = content;
  } else if (name == "retry") {
    std::uint32_t span = 0;
    const char* end = content.data() + content.size();
    const auto [rest, failure] = std::from_chars(content.data(), end, span);
    if (failure == std::errc{} && rest == end) {
      retry_ = std::chrono::milliseconds{span};
    }
  }
}

// An event without data is none.
void sse_parser::dispatch() {
  size_ = 0;
  last_id_ = id_;
  std::string type = std::exchange(type_, {});
  if (!data_.empty()) add(std::move(type), std::exchange(data_, {}));
  if (!error_.empty()) add("error", std::exchange(error_, {}));
}

void sse_parser::add(std::string type, std::string lines) {
  lines.pop_back();
  sse_event& added = ready_.emplace_back();
  if (!type.empty()) added.type = std::move(type);
  added.data = std::move(lines);
  added.id = id_;
}

}  // namespace troupe
