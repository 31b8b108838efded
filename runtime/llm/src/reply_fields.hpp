#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/llm/chat_format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm::detail {

/// The JSON of a body or an event.
/// Errors: throws `errc::bad_reply` for what is none, with `what` it was to be.
[[nodiscard]] json parsed(std::string_view text, std::string_view what);

/// The arguments of a call, of which models write only text. What is no JSON is
/// kept as text, so that whoever checks it can tell the model.
[[nodiscard]] json arguments_in(std::string_view text);

/// A value in a server's reply, and where it is.
///
/// Errors: all functions throw `errc::bad_reply` that names the place of what
/// is missing or of another type.
class reply_fields {
 public:
  explicit reply_fields(const json& form) : form_(&form) {}

  [[nodiscard]] const json& form() const noexcept { return *form_; }

  /// A member that must be there.
  [[nodiscard]] reply_fields at(const char* key) const;
  [[nodiscard]] reply_fields at(std::size_t index) const;
  /// A member, or null where there is none.
  [[nodiscard]] reply_fields find(const char* key) const;
  [[nodiscard]] bool is_null() const noexcept { return form_->is_null(); }
  /// Elements of a list; none where this is null.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] const std::string& text() const;
  /// Also where it is null or missing.
  [[nodiscard]] std::string text_or(const char* key,
                                    std::string fallback = {}) const;
  [[nodiscard]] std::uint64_t count_or(const char* key,
                                       std::uint64_t fallback) const;

  [[noreturn]] void refuse(std::string_view what) const;

 private:
  /// The name of a member, or null for an element.
  struct step {
    const char* key;
    std::size_t index;
  };
  static constexpr std::size_t steps_max = 8;

  [[nodiscard]] reply_fields below(const json& form, step taken) const;
  [[nodiscard]] std::string place() const;

  const json* form_;
  // Put into words only where something is wrong: every token passes here.
  std::array<step, steps_max> steps_;
  std::size_t step_count_ = 0;
};

/// Says that a streamed reply has ended before its end, and how much of its
/// text there is.
[[noreturn]] void refuse_incomplete(const std::string& text);

/// Whether it may be the name of a tool or of a schema.
[[nodiscard]] bool is_name(std::string_view text);

/// Checks what no format can say.
/// Errors: throws a permanent `errc::bad_value`.
void check(const chat_request& asked);

/// A request's body as text, with `extra` in it.
/// Errors: throws a permanent `errc::bad_value` for what is not UTF-8.
[[nodiscard]] std::string body_of(json form, const json& extra);

/// The text of a tool's message for servers that have no word for a failure.
[[nodiscard]] std::string told_by_tool(const message& from);

/// The headers of a request with a JSON body to a server of OpenAI's kind.
[[nodiscard]] std::vector<http_header> openai_headers(const endpoint& at,
                                                      bool stream);

/// `base` and `path` with one slash between them.
[[nodiscard]] std::string joined(std::string_view base, std::string_view path);

/// The address of the part of a list that comes after `after`; `address` itself
/// where that is empty.
[[nodiscard]] std::string next_page(std::string address,
                                    std::string_view after);

[[noreturn]] void refuse_request(const std::string& what);

}  // namespace troupe::llm::detail
