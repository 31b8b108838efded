#pragma once

#include "troupe/json.hpp"
#include "troupe/llm/image.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm {

/// The author of a message.
enum class role : std::uint8_t {
  /// The party that set the model up; also known as developer.
  system,
  user,
  /// The model.
  assistant,
  /// A tool that the model called.
  tool,
};

/// Members of a message or a call that only their server understands, such as
/// the signature of what the model thought. It goes back as it came, to servers
/// of the format it came from; some refuse a conversation without it.
///
/// Changes of the user in a message win over what is kept here: a changed
/// `message::text` takes the place of the first text there, calls that are no
/// longer in `message::calls` are left out, and others are added at the end.
/// Thinking and results of the server's own tools go back all the same; clear
/// this to keep them back, too.
struct server_content {
  /// "openai_chat", "openai_responses" or "anthropic_messages".
  std::string format = {};
  /// Null where there is nothing.
  json content = nullptr;

  [[nodiscard]] bool empty() const noexcept { return content.is_null(); }
  friend bool operator==(const server_content&,
                         const server_content&) = default;
};

/// A model's wish that a tool be called.
struct tool_call {
  /// The server's name for this call, which its result has to carry.
  std::string id = {};
  /// The tool.
  std::string name = {};
  /// As the model wrote them; an object unless the model made a mistake.
  json arguments = json::object();
  server_content opaque = {};

  friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// A part of a conversation. It has a JSON form, so that a node may keep it in
/// the shared state.
///
/// Thread safety: confined to one actor or task.
struct message {
  llm::role role = role::user;
  std::string text = {};
  /// Of the user.
  std::vector<image> images = {};
  /// Of the assistant.
  std::vector<tool_call> calls = {};
  /// Of a tool: the call that it answers.
  std::string call_id = {};
  /// Of a tool: whether `text` says why it failed.
  bool is_error = false;
  /// Of the assistant.
  server_content opaque = {};

  [[nodiscard]] static message system(std::string text);
  [[nodiscard]] static message user(std::string text);
  [[nodiscard]] static message assistant(std::string text);
  [[nodiscard]] static message tool(std::string call_id, std::string text);

  friend bool operator==(const message&, const message&) = default;
};

/// The description of a tool for a model.
struct tool_spec {
  /// Letters, digits, '_' and '-', at most 64.
  std::string name = {};
  /// A description of what it does and when to use it, for the model to read.
  std::string description = {};
  /// The JSON schema of its arguments.
  json parameters = json::object();
};

/// The form that a reply must have.
struct reply_schema {
  /// Letters, digits, '_' and '-', at most 64.
  std::string name = "reply";
  json schema = json::object();
};

/// A request to a model. Not an aggregate, so that a temporary one survives GCC
/// 12 in a `co_await`.
///
/// Thread safety: confined to one actor or task.
struct chat_request {
  chat_request() = default;
  explicit chat_request(std::string prompt)
      : messages{message::user(std::move(prompt))} {}
  explicit chat_request(std::vector<message> conversation)
      : messages(std::move(conversation)) {}

  /// Empty: the one that the client is for.
  std::string model;
  std::vector<message> messages;
  std::optional<double> temperature;
  /// The maximum number of tokens of the reply. OpenAI's reasoning models know
  /// it only as "max_completion_tokens"; give them that in `extra`.
  std::optional<std::uint32_t> max_tokens;
  /// The texts at which the model stops.
  std::vector<std::string> stop;
  std::optional<std::int64_t> seed;
  std::vector<tool_spec> tools;
  /// "auto", "none", "required" or the name of a tool. Empty: the server's
  /// choice.
  std::string tool_choice;
  std::optional<reply_schema> reply_as;
  /// Further fields of the request's body, as the server knows them. They win
  /// over those above.
  json extra = json::object();
};

/// Tokens, as the server counted them.
struct usage {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  /// Those of `input` that the server had kept from before.
  std::uint64_t cached = 0;

  /// Saturates if the sum is too large.
  usage& operator+=(const usage& other) noexcept;
  friend bool operator==(const usage&, const usage&) = default;
};

/// The reason why a reply ends.
enum class finish_reason : std::uint8_t {
  /// The model was done, or met a `stop`.
  stop,
  /// The maximum number of tokens was reached.
  length,
  /// It waits for the results of tools.
  tool_calls,
  /// The server held something back, or the model refused.
  refused,
  /// A reason that is unknown here; see `chat_reply::finish_text`.
  other,
};

/// The reply of a model.
struct chat_reply {
  /// The server's name for it.
  std::string id = {};
  /// The model that made it, as the server says.
  std::string model = {};
  llm::message message = {.role = role::assistant};
  finish_reason finish = finish_reason::stop;
  /// As the server says it.
  std::string finish_text = {};
  llm::usage usage = {};

  [[nodiscard]] const std::string& text() const& noexcept {
    return message.text;
  }
  [[nodiscard]] std::string text() const&& { return message.text; }
};

[[nodiscard]] std::string_view to_string(role who) noexcept;
[[nodiscard]] std::string_view to_string(finish_reason why) noexcept;

void to_json(json& form, const image& from);
void from_json(const json& form, image& into);
void to_json(json& form, const server_content& from);
void from_json(const json& form, server_content& into);
void to_json(json& form, const tool_call& from);
void from_json(const json& form, tool_call& into);
void to_json(json& form, const message& from);
void from_json(const json& form, message& into);
void to_json(json& form, const usage& from);
void from_json(const json& form, usage& into);
void to_json(json& form, const chat_reply& from);
void from_json(const json& form, chat_reply& into);

}  // namespace troupe::llm
