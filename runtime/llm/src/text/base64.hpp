#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// Returns bytes in Base64 (RFC 4648, 4), with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Returns the bytes that a text in Base64 stands for, also without its
/// padding, as some write it. Nothing for an empty text, and for any other.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace troupe::llm::detail
