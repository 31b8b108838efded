#pragma once

#include "model/client_core.hpp"

#include <troupe/http/sse.hpp>
#include <troupe/llm/chat_format.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// The kind of the body of a reply, whatever its media type says: servers do
/// not agree on that.
enum class body_kind : std::uint8_t {
  /// So far there is white space only.
  unknown,
  /// JSON: a whole reply, or an error.
  whole,
  events,
  /// HTML, from something that stands before the server.
  page,
};

/// Tells by the first bytes of a body.
[[nodiscard]] body_kind kind_of(const http_response& head,
                                std::string_view begin);

/// Reads the body of a reply that was asked to be a stream, which not all
/// servers give.
///
/// Thread safety: confined to one actor or task.
class reply_reader {
 public:
  /// `asked` names the request in errors.
  reply_reader(const chat_format& format, http_response head,
               std::string asked);

  /// Takes the next bytes.
  void take(std::string_view bytes);
  /// The body has ended, as it should at its server.
  void take_end();

  /// The next text of the reply that came, if there is some that has not been
  /// given. A whole reply is one text.
  /// Errors: as `reply_builder::take` and `chat_format::decode`.
  [[nodiscard]] std::optional<std::string> next();
  /// Returns whether all is there that will come; asked when `next` gives
  /// nothing.
  [[nodiscard]] bool is_at_end() const noexcept;
  /// The whole reply. @pre is_at_end()
  /// Errors: throws `errc::request_failed` for one that was cut off, with how
  /// much had come; as `reply_builder::finish`.
  [[nodiscard]] chat_reply finish();

  [[nodiscard]] const std::string& text() const noexcept;
  /// Returns whether some of a reply came.
  [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }

 private:
  [[nodiscard]] std::optional<std::string> text_of(const sse_event& event);
  void read_whole();

  const chat_format& format_;
  const http_response head_;
  const std::string asked_;
  body_kind kind_ = body_kind::unknown;
  /// All of a whole reply; of another the first bytes, for errors.
  std::string bytes_;
  sse_parser events_;
  std::unique_ptr<reply_builder> into_;
  std::optional<chat_reply> whole_;
  bool has_begun_ = false;
  bool has_ended_ = false;
  bool has_given_ = false;
};

/// A whole reply in a response. Errors: as `chat_format::decode`; throws
/// `errc::bad_reply` for HTML, with its first bytes.
[[nodiscard]] chat_reply reply_in(const chat_format& format,
                                  const http_response& whole,
                                  const std::string& asked);

}  // namespace troupe::llm::detail
