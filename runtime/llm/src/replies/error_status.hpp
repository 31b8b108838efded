#pragma once

#include "troupe/json.hpp"

#include <initializer_list>
#include <string_view>

// The members of errors that servers report, and the statuses that they name.

namespace troupe::llm::detail {

using member_names = std::initializer_list<const char*>;

/// A member of an object, or null where there is none, or it says nothing: it
/// is null, empty, false or 0. Its name may have a capital at its beginning.
[[nodiscard]] const json* member(const json& form, const char* key);
[[nodiscard]] bool says_something(const json& form);
[[nodiscard]] bool has_any(const json& form, member_names names);
/// True if a member is this text.
[[nodiscard]] bool is_text(const json& form, const char* key,
                           std::string_view text);

/// The HTTP status that an error names, as a number or by its name; 0 where it
/// names none.
[[nodiscard]] int status_of(const json& form);
/// The status of a name of an error, however it is written: "rate_limit_error",
/// "RateLimitError", "ThrottlingException"; 0 for others.
[[nodiscard]] int status_named(std::string_view name);
/// The status of a number of MiniMax; 500 for those that are not known.
[[nodiscard]] int minimax_status(const json& code);
/// The status in a text, such as "Error code: 429 - ..."; 0 where there is
/// none.
[[nodiscard]] int status_in_words(std::string_view text);

/// True if it is the name of an exception of Amazon's services.
[[nodiscard]] bool names_exception(std::string_view name);

}  // namespace troupe::llm::detail
