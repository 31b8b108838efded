#pragma once

#include <string>
#include <string_view>

namespace troupe::detail {

/// Returns the SHA-256 of `bytes`, in 64 hexadecimal digits.
[[nodiscard]] std::string hash_of(std::string_view bytes);
/// Returns whether `text` has the form of a hash.
[[nodiscard]] bool is_hash(std::string_view text) noexcept;

}  // namespace troupe::detail
