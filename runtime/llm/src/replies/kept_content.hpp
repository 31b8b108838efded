#pragma once

#include "troupe/json.hpp"
#include "troupe/llm/chat.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

// The unknown members that servers put into messages and calls.

namespace troupe::llm::detail {

/// Adds what a part of a stream has for the member `key` to what earlier parts
/// had. Text and lists grow, objects grow member by member; names, types and
/// signatures come whole.
void merge_piece(json& into, const json& piece, std::string_view key);

/// The members of `form` that are not among `known`, as null where there are
/// none. Those that are null or empty say nothing, and servers that send them
/// refuse some of them.
[[nodiscard]] json unknown_in(const json& form,
                              std::initializer_list<std::string_view> known);

/// A member that is text, or nothing; `form` may be anything.
[[nodiscard]] std::string text_at(const json& form, const char* key);

/// `content` as it is kept, or nothing where it is null or empty.
[[nodiscard]] server_content kept(std::string_view format, json content);

/// Returns the content that is kept of this format, or null.
[[nodiscard]] const json& content_for(const server_content& from,
                                      std::string_view format) noexcept;

}  // namespace troupe::llm::detail
