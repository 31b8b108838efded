#include "model/reply_reader.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace troupe::llm::detail {

namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
/// So much of what is no reply an error shows.
constexpr std::size_t shown_max = 300;
/// More is kept, so that what is shown says where it was cut.
constexpr std::size_t kept_max = 2 * shown_max;

std::string_view without_blanks(std::string_view bytes) {
  if (bytes.starts_with(byte_order_mark)) {
    bytes.remove_prefix(byte_order_mark.size());
  }
  const auto first = bytes.find_first_not_of(white_space);
  return first == bytes.npos ? std::string_view{} : bytes.substr(first);
}

/// Also without the comments by which servers keep a connection alive until
/// they have something to say.
std::string_view without_comments(std::string_view bytes) {
  bytes = without_blanks(bytes);
  while (bytes.starts_with(':')) {
    const auto end = bytes.find_first_of("\r\n");
    if (end == bytes.npos) return {};
    bytes = without_blanks(bytes.substr(end));
  }
  return bytes;
}

bool is_html(const http_response& head) {
  static constexpr std::string_view html = "text/html";
  const auto type = head.header("content-type").value_or("");
  return type.size() >= html.size() &&
         std::equal(html.begin(), html.end(), type.begin(),
                    [](char one, char other) {
                      return one == (other >= 'A' && other <= 'Z'
                                         ? static_cast<char>(other - 'A' + 'a')
                                         : other);
                    });
}

/// Returns whether a body is a stream of events by its first line.
bool begins_event(std::string_view body) {
  static constexpr std::array<std::string_view, 6> fields = {
      "data:", "event:", "id:", "retry:", "error:", ":"};
  body = without_blanks(body);
  return std::any_of(fields.begin(), fields.end(), [&](std::string_view each) {
    return body.starts_with(each);
  });
}

error not_a_reply(const std::string& asked, const char* what,
                  std::string_view body) {
  return error{errc::bad_reply,
               "the server answered " + asked + " with " + what + ": " +
                   printable(body, line_breaks::joined, shown_max)};
}

}  // namespace

body_kind kind_of(const http_response& head, std::string_view begin) {
  begin = without_comments(begin);
  if (begin.empty()) return body_kind::unknown;
  if (begin[0] == '{' || begin[0] == '[') return body_kind::whole;
  if (begin[0] == '<' || is_html(head)) return body_kind::page;
  return body_kind::events;
}

reply_reader::reply_reader(const chat_format& format, http_response head,
                           std::string asked)
    : format_(format),
      head_(std::move(head)),
      asked_(std::move(asked)),
      into_(format.build()) {}

// -- bytes --------------------------------------------------------------------

void reply_reader::take(std::string_view bytes) {
  const auto before = bytes_.size();
  if (kind_ == body_kind::unknown || kind_ == body_kind::whole) {
    bytes_ += bytes;
  } else if (before < kept_max) {
    bytes_ += bytes.substr(0, kept_max - before);
  }
  if (kind_ == body_kind::unknown) {
    kind_ = kind_of(head_, bytes_);
    // A blank line or two before the first event.
    if (kind_ == body_kind::events) {
      events_.feed(bytes_);
      return;
    }
  }
  if (kind_ == body_kind::events) events_.feed(bytes);
}

void reply_reader::take_end() {
  has_ended_ = true;
  if (kind_ == body_kind::whole) read_whole();
  // Some servers leave out the blank line behind the last event.
  if (kind_ == body_kind::events) events_.feed("\n\n");
}

void reply_reader::read_whole() {
  whole_ = format_.decode(bytes_);
  has_begun_ = true;
}

// -- what has come ------------------------------------------------------------

std::optional<std::string> reply_reader::text_of(const sse_event& event) {
  // Gateways keep the connection alive with events that say nothing.
  if (event.data.find_first_not_of(white_space) == std::string::npos &&
      event.type != "error") {
    return std::nullopt;
  }
  try {
    auto text = into_->take(event);
    has_begun_ = true;
    if (!text.empty()) return text;
  } catch (const error& why) {
    // Half of an event, at which the stream ended.
    if (!has_ended_ || why.code() != errc::bad_reply) throw;
  }
  return std::nullopt;
}

std::optional<std::string> reply_reader::next() {
  if (whole_) {
    if (std::exchange(has_given_, true) || whole_->text().empty()) {
      return std::nullopt;
    }
    return whole_->text();
  }
  while (auto event = events_.next()) {
    if (auto text = text_of(*event)) return text;
  }
  return std::nullopt;
}

bool reply_reader::is_at_end() const noexcept {
  return has_ended_ || into_->is_complete();
}

chat_reply reply_reader::finish() {
  assert(is_at_end());
  if (whole_) return *whole_;
  if (into_->is_complete() || into_->may_end()) return into_->finish();
  if (kind_ == body_kind::page) {
    throw not_a_reply(asked_, "an HTML page", bytes_);
  }
  if (!has_begun_ && kind_ == body_kind::events && !begins_event(bytes_)) {
    throw not_a_reply(asked_, "neither JSON nor an event stream", bytes_);
  }
  throw error{errc::request_failed, "the reply stream was cut off after " +
                                        std::to_string(text().size()) +
                                        " bytes of text"};
}

const std::string& reply_reader::text() const noexcept {
  return whole_ ? whole_->text() : into_->text();
}

chat_reply reply_in(const chat_format& format, const http_response& whole,
                    const std::string& asked) {
  if (kind_of(whole, whole.body) == body_kind::page) {
    throw not_a_reply(asked, "an HTML page", whole.body);
  }
  return format.decode(whole.body);
}

}  // namespace troupe::llm::detail
