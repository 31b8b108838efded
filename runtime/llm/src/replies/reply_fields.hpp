#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/chat_format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm::detail {

/// Of replies and of arguments. They nest less than the state may, as that has
/// them inside of messages.
inline constexpr json_bounds reply_bounds{.depth = 480};

/// Without spaces and ends of lines around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The JSON of a body or an event, also where it has what JSON does not allow
/// but servers write; see `mended_json`.
/// Errors: throws `errc::bad_reply` for invalid JSON, with `what` it was to be
/// and its first bytes.
[[nodiscard]] json parsed(std::string_view text, std::string_view what,
                          const json_bounds& limits = reply_bounds);

/// The arguments of a call, of which models write only text. Invalid JSON, or
/// JSON that nests too deep, is kept as text, so that the check of the
/// arguments can tell the model. Nothing and null are no arguments.
[[nodiscard]] json arguments_in(std::string_view text);
/// The same where servers may send the object itself.
[[nodiscard]] json arguments_of(const json& form);
/// Arguments as text, as servers want them back.
[[nodiscard]] std::string text_of_arguments(const json& arguments);

/// A value in a server's reply, and where it is.
///
/// Errors: all functions throw `errc::bad_reply` that names the place of what
/// is missing or of another type, if they do not say otherwise. Where that is
/// at the top the text has the first bytes of the reply.
class reply_fields {
 public:
  /// `source` is what `form` was parsed from.
  explicit reply_fields(const json& form, std::string_view source = {})
      : form_(&form), source_(source) {}

  [[nodiscard]] const json& form() const noexcept { return *form_; }

  /// A member that must be there.
  [[nodiscard]] reply_fields at(const char* key) const;
  [[nodiscard]] reply_fields at(std::size_t index) const;
  /// A member, or null where there is none; null has none.
  [[nodiscard]] reply_fields find(const char* key) const;
  /// A member that is an object, or null. Does not throw: PHP writes an empty
  /// object as a list.
  [[nodiscard]] reply_fields object_or_null(const char* key) const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return form_->is_null(); }
  /// Elements of a list; none where this is null.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] const std::string& text() const;
  /// Also where it is null or missing.
  [[nodiscard]] std::string text_or(const char* key,
                                    std::string fallback = {}) const;
  /// A name that some servers write as a number; empty where it is missing, or
  /// something else.
  [[nodiscard]] std::string id_or_none(const char* key) const;
  /// A number of tokens or a place. `fallback` where it is missing, null or no
  /// number; 0 where it is negative or too large. Does not throw.
  [[nodiscard]] std::uint64_t count_or(const char* key,
                                       std::uint64_t fallback) const noexcept;
  /// The same, or nothing.
  [[nodiscard]] std::optional<std::uint64_t> count(
      const char* key) const noexcept;

  [[noreturn]] void refuse(std::string_view what) const;
  /// Refuses it as it is not what is wanted, for example "an object"; the
  /// text says what was found.
  [[noreturn]] void refuse_type(const std::string& wanted) const;

 private:
  /// The name of a member, or null for an element.
  struct step {
    const char* key;
    std::size_t index;
  };
  static constexpr std::size_t steps_max = 8;

  [[nodiscard]] reply_fields below(const json& form, step taken) const noexcept;
  [[nodiscard]] std::string place() const;

  const json* form_;
  std::string_view source_;
  // Put into words only where something is wrong: every token passes here.
  std::array<step, steps_max> steps_;
  std::size_t step_count_ = 0;
};

/// Says that a streamed reply has ended before its end, and how much of its
/// text there is.
[[noreturn]] void refuse_incomplete(const std::string& text);
/// Says that a reply, though complete, has nothing in it.
[[noreturn]] void refuse_empty();

/// Some servers give a call no id, but its result needs one.
[[nodiscard]] std::string id_or_made(const std::string& id, std::size_t index);

/// The text of content that is text, a number, null, an object with a text, or
/// a list of parts.
/// Errors: throws `errc::bad_reply` for anything else.
[[nodiscard]] std::string text_of_content(const reply_fields& content);

/// Returns whether it may be the name of a tool or of a schema.
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

/// `path` below `base`, whose query stays at the end. A base that is already
/// the address of `path` stays as it is; a base that ends in the path of
/// another of the formats' requests, or in the "/v1" that `path` begins with,
/// loses that.
[[nodiscard]] std::string joined(std::string_view base, std::string_view path);

/// The address of the part of a list that comes after `after`; `address` itself
/// where that is empty; see `model_page::next`.
[[nodiscard]] std::string next_page(std::string address,
                                    std::string_view after);

[[noreturn]] void refuse_request(const std::string& what);

}  // namespace troupe::llm::detail
