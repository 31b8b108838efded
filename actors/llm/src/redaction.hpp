#pragma once

#include <troupe/error.hpp>

#include <string>

namespace troupe::llm::detail {

/// What a server says, with "(the key)" in the place of `key`: some servers
/// repeat the one that they refuse. A key of less than 8 characters is a word
/// that stands for none, as local servers want it, and stays.
[[nodiscard]] std::string without_key(std::string text, const std::string& key);
[[nodiscard]] error without_key(error why, const std::string& key);

}  // namespace troupe::llm::detail
