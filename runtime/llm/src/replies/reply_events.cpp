#include "replies/reply_events.hpp"

#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "text/json_mending.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
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

/// Without the name of a field before it, which some gateways put there twice.
std::string_view without_field(std::string_view text) {
  constexpr std::string_view field = "data:";
  text = trimmed(text);
  if (text.starts_with(field)) text.remove_prefix(field.size());
  return trimmed(text);
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

/// The list of objects that a text is, if it is one.
std::optional<json> list_in(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('[')) return std::nullopt;
  auto form = try_read_json(text, reply_bounds);
  if (!form) form = try_read_json(mended_json(text), reply_bounds);
  const bool is_list =
      form && form->is_array() && !form->empty() &&
      std::all_of(form->begin(), form->end(),
                  [](const json& each) { return each.is_object(); });
  return is_list ? std::move(form) : std::nullopt;
}

/// True if an object is a part of a stream, not a whole reply.
bool is_piece(const json& form) {
  const auto choices = form.find("choices");
  if (choices != form.end() && choices->is_array()) {
    return std::any_of(choices->begin(), choices->end(), [](const json& each) {
      return each.is_object() && each.contains("delta");
    });
  }
  const auto type = form.find("type");
  return type != form.end() && type->is_string() && *type != "message" &&
         *type != "error";
}

sse_event event_of(const json& form) {
  sse_event event;
  event.data = write_json(form, bad_text::replaced);
  return event;
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
  if (const auto list = list_in(rest)) {
    return list->size() > 1 || is_piece(list->front());
  }
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

namespace {

bool has_reply(const json& form) {
  return form.is_object() &&
         (form.contains("choices") || form.contains("output") ||
          form.contains("content"));
}

/// The reply in an object that a gateway has put around it.
json unwrapped(json form, std::initializer_list<const char*> names) {
  if (!form.is_object() || has_reply(form)) return form;
  for (const char* each : names) {
    const auto inner = form.find(each);
    if (inner != form.end() && has_reply(*inner)) {
      return json(std::move(*inner));
    }
  }
  return form;
}

}  // namespace

json whole_reply_in(std::string_view body) {
  json form = reply_in_body(body);
  const bool is_inside_list =
      form.is_array() && form.size() == 1 && form.front().is_object();
  if (is_inside_list) form = json(std::move(form.front()));
  return unwrapped(std::move(form), {"result", "data", "body", "response"});
}

chat_reply built_of(std::string_view body, reply_builder& into) {
  auto lines = without_comments(body);
  if (const auto list = list_in(lines)) {
    for (const auto& each : *list) static_cast<void>(into.take(event_of(each)));
    return into.finish();
  }
  if (is_json_lines(lines)) {
    while (!lines.empty()) {
      sse_event event;
      event.data = without_field(take_line(lines));
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
  if (type.ends_with("error") || type.ends_with("exception")) {
    throw_served_error(text, event.type);
  }
  if (text.empty() || is_heartbeat(type) || is_heartbeat(text)) {
    return std::nullopt;
  }
  // Words about something else, such as a place in a queue.
  if (!type.empty() && type != "message" && !begins_json(text)) {
    return std::nullopt;
  }
  json form = parsed(text, "a part of the reply");
  const bool is_note = !type.empty() && type != "message" && form.is_object() &&
                       form.size() == 1 && form.contains("message");
  if (is_note) return std::nullopt;
  throw_error_in(form);
  if (!form.is_structured() || form == json::array()) return std::nullopt;
  return unwrapped(std::move(form), {"result", "data", "body"});
}

std::vector<sse_event> events_in(const sse_event& event) {
  std::string_view rest = event.data;
  std::vector<sse_event> found;
  if (const auto list = list_in(rest)) {
    for (const auto& each : *list) {
      found.push_back(event_of(each));
      found.back().type = event.type;
    }
    return found;
  }
  if (rest.find('\n') == rest.npos || is_whole_json(trimmed(rest))) {
    return {event};
  }
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

bool has_letters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char each) {
    return std::isalpha(each) != 0;
  });
}

/// True if a text could be JSON, or the end of a stream.
bool may_be_json(std::string_view text) {
  return text.empty() || std::string_view{"{[\"0123456789ntf"}.find(text[0]) !=
                             std::string_view::npos;
}

class builder_of_parts final : public reply_builder {
 public:
  explicit builder_of_parts(std::unique_ptr<reply_builder> into)
      : into_(std::move(into)) {}

  std::string take(const sse_event& event) override {
    auto data = trimmed(event.data);
    if (data.starts_with("data:")) {
      sse_event inner{event};
      inner.data = without_field(data);
      return take(inner);
    }
    const bool is_plain = event.type.empty() || event.type == "message";
    if (is_plain && !may_be_json(data) && !is_heartbeat(data) &&
        data.find('\n') == data.npos) {
      if (words_.empty() && has_letters(data)) {
        words_ = data.substr(0, words_max);
      }
      return {};
    }
    if (!data.starts_with('[') && data.find('\n') == data.npos) {
      return into_->take(event);
    }
    std::string text;
    for (const auto& each : events_in(event)) text += into_->take(each);
    return text;
  }
  bool is_complete() const noexcept override { return into_->is_complete(); }
  bool may_end() const noexcept override {
    return into_->may_end() || (!words_.empty() && into_->text().empty());
  }
  const std::string& text() const noexcept override { return into_->text(); }
  chat_reply finish() override {
    try {
      return into_->finish();
    } catch (const error&) {
      if (words_.empty() || !into_->text().empty()) throw;
    }
    throw error{errc::bad_reply, "the stream is not a reply; it contains '" +
                                     printable(words_, line_breaks::joined) +
                                     "'"};
  }

 private:
  static constexpr std::size_t words_max = 300;

  /// The first event that is no part of a reply: a sign of life, or words
  /// about a failure, after which the reply does not get to its end.
  std::string words_;
  const std::unique_ptr<reply_builder> into_;
};

}  // namespace

std::unique_ptr<reply_builder> taking_apart(
    std::unique_ptr<reply_builder> into) {
  return std::make_unique<builder_of_parts>(std::move(into));
}

}  // namespace troupe::llm::detail
