#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// An event of a stream of server-sent events.
struct sse_event {
  std::string type = "message";
  std::string data;
  /// The last id that the server sent, with this event or before it.
  std::string id;
};

/// Takes a stream of server-sent events apart, however its bytes are split.
///
/// Source: the HTML Living Standard, 9.2.6, "Interpreting an event stream".
/// An event that the stream ends in the middle of is dropped, as there. A field
/// "error", which builds of llama.cpp send, is an event of the type "error" of
/// its own.
///
/// Thread safety: confined to one actor or task.
class sse_parser {
 public:
  static constexpr std::size_t usual_event_max = std::size_t{16} << 20;

  /// An event may have `event_max` bytes, its comments and field names counted.
  explicit sse_parser(std::size_t event_max = usual_event_max)
      : event_max_(event_max) {}

  /// Takes the next bytes of the stream.
  /// Errors: throws a permanent `errc::too_large` when an event is too long;
  /// the events before it stay there to be taken.
  void feed(std::string_view bytes);

  /// The next event that is complete, or nothing.
  [[nodiscard]] std::optional<sse_event> next();

  /// Returns whether the bytes so far end inside of an event.
  [[nodiscard]] bool is_inside_event() const noexcept {
    return size_ != 0 || !line_.empty();
  }
  /// The last id that the server sent, also with an event that has no data.
  [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }
  /// Returns the time that the server asks to wait before the next connection,
  /// if it does.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry()
      const noexcept {
    return retry_;
  }

 private:
  void count(std::size_t bytes);
  void take_line(std::string_view line);
  void take_field(std::string_view name, std::string_view content);
  void dispatch();
  void add(std::string type, std::string lines);

  std::size_t event_max_;
  /// The bytes of the event under way, without those in `line_`.
  std::size_t size_ = 0;
  /// The start of a line whose end has not come.
  std::string line_;
  bool is_first_line_ = true;
  /// A line feed right after a carriage return belongs to it.
  bool after_return_ = false;

  std::string type_;
  std::string data_;
  std::string error_;
  std::string id_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::deque<sse_event> ready_;
};

}  // namespace troupe
