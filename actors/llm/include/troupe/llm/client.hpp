#pragma once

#include <troupe/context.hpp>
#include <troupe/http/http.hpp>
#include <troupe/json.hpp>
#include <troupe/llm/chat.hpp>
#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/circuit_breaker.hpp>
#include <troupe/llm/embedding.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/task.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::llm {

namespace detail {
class client_core;
class open_reply;
}  // namespace detail

/// The API that the model server speaks.
enum class api : std::uint8_t {
  openai_chat,
  openai_responses,
  anthropic_messages,
};

/// Options of a `client`.
struct client_options {
  /// The model, if a request names none.
  std::string model = {};
  llm::api api = api::openai_chat;
  /// Empty: `OPENAI_BASE_URL` or `ANTHROPIC_BASE_URL`, else the address of
  /// OpenAI or Anthropic.
  std::string base_url = {};
  /// Empty: `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`; without those none is
  /// sent, as local servers expect. They are not sent either if `headers` has
  /// one of "authorization", "api-key", "x-api-key" and "x-goog-api-key".
  std::string api_key = {};
  /// Sent with every request. They override the API's own, whatever the case of
  /// their names; one with an empty value is left out. Their values never
  /// appear in texts, unless they are public, as "anthropic-beta" is.
  std::vector<http_header> headers = {};
  /// The time and size limits of a call. A model may think for minutes before
  /// it answers, so `first_byte` and `idle` are five minutes.
  http_limits limits = {};
  /// Calls and tokens that may be sent; slowed down when the server says so. A
  /// call counts as one token for each four bytes of its messages, plus those
  /// that `max_tokens` allows, until the server has counted them.
  std::optional<rate_limit> rate = {};
  /// The limit of calls at once.
  std::optional<semaphore> seats = {};
  /// The circuit breaker for a server that fails. Calls then fail immediately,
  /// with the time after which to try again.
  std::optional<breaker_options> breaker = breaker_options{};
  /// The number of times that `chat` asks again for a reply that misses
  /// `chat_request::reply_as`, with what is wrong with it; at most 10. What
  /// still misses it is returned as it is, and `read_reply` throws. Each is a
  /// call like others; the usage of the reply is that of all of them.
  std::uint32_t schema_retries = 1;
  /// Makes `chat` stream, and emit each token as it comes: a custom event with
  /// the data {"token": "..."}.
  bool stream = false;
  /// Appends each complete exchange to this file, to replay it. It holds
  /// requests and replies, but no keys, and only its owner may read it: the
  /// permissions of an existing file are changed. A symbolic link is refused.
  /// An incomplete line stays as it is, and costs no other.
  std::filesystem::path record_to = {};
  /// Answers from such a file, without a network; see `recording`. This works
  /// in a simulation, too. It must be a regular file of at most 1 GiB; a line
  /// that is not an exchange, for example an incomplete one, is refused with
  /// its number.
  std::filesystem::path replay_from = {};
};

/// A reply that is read as it arrives. The destructor interrupts the server.
///
/// Thread safety: confined to one actor or task.
class chat_stream {
 public:
  chat_stream(chat_stream&&) noexcept;
  chat_stream& operator=(chat_stream&&) noexcept;
  ~chat_stream();

  /// Returns the next part of the text, usually a token, after waiting for it;
  /// nothing once the reply is complete.
  /// Errors: as `client::chat`; a stream that is cut off is an
  /// `errc::request_failed` that says how much had come.
  [[nodiscard]] task<std::optional<std::string>> next() &;
  /// The text so far.
  [[nodiscard]] const std::string& text() const& noexcept;
  [[nodiscard]] std::string text() const&& {
    return static_cast<const chat_stream&>(*this).text();
  }
  /// The whole reply; an empty one until `next` has given nothing.
  [[nodiscard]] const chat_reply& reply() const& noexcept;
  [[nodiscard]] chat_reply reply() const&& {
    return static_cast<const chat_stream&>(*this).reply();
  }

 private:
  friend class client;
  explicit chat_stream(std::unique_ptr<detail::open_reply> open) noexcept;

  std::unique_ptr<detail::open_reply> open_;
};

/// A client of a model server:
///
///     troupe::llm::client_options how;
///     how.model = "gpt-4o-mini";
///     const troupe::llm::client model{runtime, how};
///     // in a node:
///     const auto reply = co_await model.chat(ctx, "Summarize: " + text);
///
/// This is a handle: copies share connections and limits. It retries nothing;
/// the node's `retry` does, and waits as long as the server asks.
///
/// Errors of all calls: those of `http_client::send` and `error_of_reply`, of
/// `chat_format`, and of the limits.
/// Cancellation: aborts the transfer.
///
/// Thread safety: immutable.
class client {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options, and a
  /// permanent `errc::bad_value` for a recording that cannot be used.
  client(http_client web, client_options options);
  client(system& where, client_options options);

  /// Returns the whole reply, to a prompt, to a conversation, or to a request
  /// with options of its own.
  [[nodiscard]] task<chat_reply> chat(context& ctx, std::string prompt) const;
  [[nodiscard]] task<chat_reply> chat(context& ctx,
                                      std::vector<message> conversation) const;
  [[nodiscard]] task<chat_reply> chat(context& ctx, chat_request asked) const;
  /// Returns the reply as it comes.
  [[nodiscard]] task<chat_stream> open(std::string prompt) const;
  [[nodiscard]] task<chat_stream> open(chat_request asked) const;
  /// Returns a vector for each of `texts`, in their order. `extra` as for
  /// `encode_embedding`, for example {"dimensions": 256}.
  [[nodiscard]] task<embedding_reply> embed(
      std::vector<std::string> texts) const;
  [[nodiscard]] task<embedding_reply> embed(std::vector<std::string> texts,
                                            json extra) const;
  /// Returns the names of the server's models. A list that does not end after
  /// 200 parts or 100,000 names is an `errc::bad_reply`.
  [[nodiscard]] task<std::vector<std::string>> models() const;

  [[nodiscard]] const client_options& options() const& noexcept;
  [[nodiscard]] client_options options() const&& {
    return static_cast<const client&>(*this).options();
  }

 private:
  static task<chat_stream> opened(std::shared_ptr<detail::client_core> core,
                                  chat_request asked);

  std::shared_ptr<detail::client_core> core_;
};

}  // namespace troupe::llm
