#pragma once

#include "troupe/http/http_message.hpp"
#include "troupe/http/sse.hpp"
#include "troupe/llm/chat.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// The address and the credentials of a model server.
struct endpoint {
  /// With the part of the path that is before the format's own, for example
  /// "https://api.openai.com/v1".
  std::string base_url = {};
  /// Empty: none is sent.
  std::string api_key = {};
};

/// A builder of a reply from the events of its stream.
///
/// Thread safety: confined to one actor or task.
class reply_builder {
 public:
  reply_builder() = default;
  reply_builder(const reply_builder&) = delete;
  reply_builder& operator=(const reply_builder&) = delete;
  virtual ~reply_builder() = default;

  /// Takes the next event of the stream. Returns the text that it adds to the
  /// reply, usually a token.
  /// Errors: throws `errc::bad_reply` for an invalid event, and what
  /// `error_of_reply` makes of an error that the server reports.
  virtual std::string take(const sse_event& event) = 0;
  /// Returns whether the server has said that this is all, so that nothing more
  /// needs to be read.
  [[nodiscard]] virtual bool is_complete() const noexcept = 0;
  /// Returns whether the reply is whole if the stream ends cleanly now: the
  /// server has said why the model stopped. More may come, such as the usage.
  [[nodiscard]] virtual bool may_end() const noexcept = 0;
  /// Returns the text that has come so far.
  [[nodiscard]] virtual const std::string& text() const noexcept = 0;
  /// The whole reply, once `is_complete`, or at the clean end of the stream.
  /// Errors: throws `errc::bad_reply` if neither `is_complete` nor `may_end`,
  /// with how much there is; if the stream had no reply at all; and as
  /// `chat_format::decode`.
  [[nodiscard]] virtual chat_reply finish() = 0;
};

/// The form in which a family of servers writes a conversation and a reply.
///
/// Thread safety: immutable.
class chat_format {
 public:
  chat_format() = default;
  chat_format(const chat_format&) = delete;
  chat_format& operator=(const chat_format&) = delete;
  virtual ~chat_format() = default;

  /// Errors: throws a permanent `errc::bad_value` for members that this format
  /// cannot express, and for invalid values.
  [[nodiscard]] virtual http_request encode(const chat_request& asked,
                                            const endpoint& at,
                                            bool stream) const = 0;
  /// Errors: throws `errc::bad_reply` for an invalid reply, and names the
  /// place.
  [[nodiscard]] virtual chat_reply decode(std::string_view body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<reply_builder> build() const = 0;
  /// Asks for the list of models, or where `after` is not empty for what
  /// follows that in the list; see `model_page::next`.
  [[nodiscard]] virtual http_request encode_models(
      const endpoint& at, std::string_view after) const = 0;
  [[nodiscard]] http_request encode_models(const endpoint& at) const {
    return encode_models(at, {});
  }
};

/// OpenAI's chat completions, which most servers speak: POST /chat/completions.
[[nodiscard]] const chat_format& openai_chat() noexcept;
/// OpenAI's responses: POST /responses.
[[nodiscard]] const chat_format& openai_responses() noexcept;
/// Anthropic's messages: POST /v1/messages. Requests without `max_tokens` ask
/// for 4,096 at most, as the format wants a number.
[[nodiscard]] const chat_format& anthropic_messages() noexcept;

/// A part of a list of models.
struct model_page {
  std::vector<std::string> names = {};
  /// The token with which to ask for the next part; empty where this is the
  /// last one.
  std::string next = {};
};

/// A part of a list of models, in the forms that are in use.
/// Errors: throws `errc::bad_reply` for what is none, and what
/// `error_of_reply` makes of an error that the server reports.
[[nodiscard]] model_page decode_model_page(std::string_view body);
/// The names alone.
[[nodiscard]] std::vector<std::string> decode_models(std::string_view body);

}  // namespace troupe::llm
