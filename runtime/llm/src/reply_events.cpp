#include "reply_events.hpp"

#include "reply_fields.hpp"
#include "served_error.hpp"
#include "troupe/json_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

// Server-sent events as servers write them, beyond the standard.

namespace troupe::llm::detail {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string lowered(std::string_view text) {
  std::string into{text};
  std::transform(
      into.begin(), into.end(), into.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return into;
}

/// Without quotes and brackets around it, as in "[DONE]".
std::string_view bare(std::string_view text) {
  for (const std::string_view each : {"\"\"", "[]"}) {
    if (text.size() >= 2 && text.front() == each[0] && text.back() == each[1]) {
      text = text.substr(1, text.size() - 2);
    }
  }
  return text;
}

/// True if it is only there to keep the connection alive.
bool is_heartbeat(std::string_view word) {
  static constexpr std::array<std::string_view, 5> known = {
      "ping", "heartbeat", "keepalive", "keep-alive", "keep_alive"};
  constexpr std::size_t longest = 16;
  return word.size() <= longest &&
         std::find(known.begin(), known.end(), lowered(bare(word))) !=
             known.end();
}

bool begins_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(line);
}

bool is_whole_json(std::string_view text) {
  return begins_json(text) && try_read_json(text, reply_bounds).has_value();
}

/// True if a body is JSON in lines: not a value of several lines.
bool is_json_lines(std::string_view body) {
  if (!body.starts_with('{')) return false;
  const auto first = take_line(body);
  return first.ends_with('}') && !trimmed(body).empty() && is_whole_json(first);
}

bool begins_events(std::string_view body) {
  for (const std::string_view each :
       {"data:", "event:", "error:", "id:", "retry:"}) {
    if (body.starts_with(each)) return true;
  }
  return false;
}

}  // namespace

std::string_view without_comments(std::string_view body) {
  body = trimmed(body);
  if (body.starts_with(byte_order_mark)) {
    body.remove_prefix(byte_order_mark.size());
  }
  while (body.starts_with(':')) {
    static_cast<void>(take_line(body));
    body = trimmed(body);
  }
  return body;
}

bool is_stream(std::string_view body) {
  const auto rest = without_comments(body);
  if (rest.empty()) return !trimmed(body).empty();
  return begins_events(rest) || is_json_lines(rest);
}

std::optional<std::string> first_data(std::string_view body) {
  body = without_comments(body);
  if (!begins_events(body)) return std::nullopt;
  // Far less than an event may have, so that this does not throw.
  constexpr std::size_t looked_at_max = std::size_t{1} << 20;
  sse_parser events;
  events.feed(body.substr(0, looked_at_max));
  events.feed("\n\n");
  while (const auto event = events.next()) {
    if (!event->data.empty()) return event->data;
  }
  return std::nullopt;
}

chat_reply built_of(std::string_view body, reply_builder& into) {
  auto lines = without_comments(body);
  if (is_json_lines(lines)) {
    while (!lines.empty()) {
      sse_event event;
      event.data = take_line(lines);
      if (begins_json(event.data)) static_cast<void>(into.take(event));
    }
    return into.finish();
  }
  sse_parser events;
  events.feed(body);
  // The last one may end with the body.
  events.feed("\n\n");
  while (const auto event = events.next()) {
    static_cast<void>(into.take(*event));
  }
  return into.finish();
}

bool ends_stream(const sse_event& event) {
  constexpr std::size_t longest = 8;
  const auto text = trimmed(event.data);
  return text.size() <= longest && text.find('[') != text.npos &&
         lowered(bare(text)) == "done";
}

std::optional<json> reply_in_event(const sse_event& event) {
  const auto text = trimmed(event.data);
  const auto type = lowered(event.type);
  if (type == "error" || type == "exception") throw_served_error(text);
  if (text.empty() || is_heartbeat(type) || is_heartbeat(text)) {
    return std::nullopt;
  }
  // Words about something else, such as a place in a queue.
  if (!type.empty() && type != "message" && !begins_json(text)) {
    return std::nullopt;
  }
  json form = parsed(text, "a part of the reply");
  throw_error_in(form);
  if (!form.is_structured() || form == json::array()) return std::nullopt;
  return form;
}

std::vector<sse_event> events_in(const sse_event& event) {
  std::string_view rest = event.data;
  if (rest.find('\n') == rest.npos || is_whole_json(trimmed(rest))) {
    return {event};
  }
  std::vector<sse_event> found;
  while (!rest.empty()) {
    sse_event one{event};
    one.data = take_line(rest);
    if (one.data.empty()) continue;
    if (!is_whole_json(one.data) && !ends_stream(one)) return {event};
    found.push_back(std::move(one));
  }
  return found;
}

namespace {

class builder_of_parts final : public reply_builder {
 public:
  explicit builder_of_parts(std::unique_ptr<reply_builder> into)
      : into_(std::move(into)) {}

  std::string take(const sse_event& event) override {
    if (event.data.find('\n') == std::string::npos) return into_->take(event);
    std::string text;
    for (const auto& each : events_in(event)) text += into_->take(each);
    return text;
  }
  bool is_complete() const noexcept override { return into_->is_complete(); }
  bool may_end() const noexcept override { return into_->may_end(); }
  const std::string& text() const noexcept override { return into_->text(); }
  chat_reply finish() override { return into_->finish(); }

 private:
  const std::unique_ptr<reply_builder> into_;
};

}  // namespace

std::unique_ptr<reply_builder> taking_apart(
    std::unique_ptr<reply_builder> into) {
  return std::make_unique<builder_of_parts>(std::move(into));
}

}  // namespace troupe::llm::detail
