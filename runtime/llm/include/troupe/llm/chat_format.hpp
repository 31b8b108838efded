#pragma once

#include "troupe/llm/chat.hpp"
#include "troupe/llm/http_message.hpp"
#include "troupe/llm/sse.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// Where a model server is, and how it knows who asks.
struct endpoint {
  /// With the part of the path that is before the format's own, for example
  /// "https://api.openai.com/v1".
  std::string base_url = {};
  /// Empty: none is sent.
  std::string api_key = {};
};

/// Puts a streamed reply together.
///
/// Thread safety: confined to one actor or task.
class reply_builder {
 public:
  reply_builder() = default;
  reply_builder(const reply_builder&) = delete;
  reply_builder& operator=(const reply_builder&) = delete;
  virtual ~reply_builder() = default;

  /// Takes the next event of the stream. The result is the text that it adds
  /// to the reply, mostly a token.
  /// Errors: throws `errc::bad_reply` for an event that makes no sense, and
  /// what `error_of_reply` makes of an error that the server reports.
  virtual std::string take(const sse_event& event) = 0;
  /// Whether the server has said that this is all.
  [[nodiscard]] virtual bool is_complete() const noexcept = 0;
  /// How much text has come so far.
  [[nodiscard]] virtual const std::string& text() const noexcept = 0;
  /// The whole reply.
  /// Errors: throws `errc::bad_reply` if it is not complete, with how much
  /// there is; and as `chat_format::decode`.
  [[nodiscard]] virtual chat_reply finish() = 0;
};

/// How a family of servers writes a conversation and a reply.
///
/// Thread safety: immutable; may be used anywhere.
class chat_format {
 public:
  chat_format() = default;
  chat_format(const chat_format&) = delete;
  chat_format& operator=(const chat_format&) = delete;
  virtual ~chat_format() = default;

  /// Errors: throws a permanent `errc::bad_value` for what this format has no
  /// words for, and for what makes no sense.
  [[nodiscard]] virtual http_request encode(const chat_request& asked,
                                            const endpoint& at,
                                            bool stream) const = 0;
  /// Errors: throws `errc::bad_reply` for what is no reply, naming the place.
  [[nodiscard]] virtual chat_reply decode(std::string_view body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<reply_builder> build() const = 0;
  /// Asks for the list of models.
  [[nodiscard]] virtual http_request encode_models(
      const endpoint& at) const = 0;
};

/// OpenAI's chat completions, which most servers speak: POST /chat/completions.
[[nodiscard]] const chat_format& openai_chat() noexcept;
/// OpenAI's responses: POST /responses.
[[nodiscard]] const chat_format& openai_responses() noexcept;
/// Anthropic's messages: POST /v1/messages. Requests without `max_tokens` ask
/// for 4,096 at most, as the format wants a number.
[[nodiscard]] const chat_format& anthropic_messages() noexcept;

/// The names in a list of models, which all formats write in one way.
/// Errors: throws `errc::bad_reply` for what is none.
[[nodiscard]] std::vector<std::string> decode_models(std::string_view body);

}  // namespace troupe::llm
