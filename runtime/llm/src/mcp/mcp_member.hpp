#pragma once

#include "troupe/json.hpp"

#include <cstdint>
#include <limits>

namespace troupe::llm::mcp::detail {

/// Returns a member of an object; null if it is missing or null, or if `of` is
/// not an object.
inline const json* member(const json& of, const char* key) {
  if (!of.is_object()) return nullptr;
  const auto found = of.find(key);
  return found == of.end() || found->is_null() ? nullptr : &*found;
}

/// The code of a JSON-RPC error; 0 where it has none.
inline std::int64_t code_of(const json& failure) {
  const auto* code = member(failure, "code");
  if (code == nullptr) return 0;
  if (code->is_number_unsigned()) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const auto given = code->get<std::uint64_t>();
    return given > static_cast<std::uint64_t>(most)
               ? most
               : static_cast<std::int64_t>(given);
  }
  return code->is_number_integer() ? code->get<std::int64_t>() : 0;
}

}  // namespace troupe::llm::mcp::detail
