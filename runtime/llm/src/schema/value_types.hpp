#pragma once

#include "troupe/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// Types of values, each a bit.
using value_types = std::uint8_t;
inline constexpr value_types null_type = 1;
inline constexpr value_types boolean_type = 2;
inline constexpr value_types integer_type = 4;
inline constexpr value_types number_type = 8;
inline constexpr value_types text_type = 16;
inline constexpr value_types list_type = 32;
inline constexpr value_types object_type = 64;
inline constexpr value_types any_type = 127;

/// Of that name in a schema, or none.
[[nodiscard]] value_types types_named(std::string_view name) noexcept;

/// For people.
[[nodiscard]] std::string names_of(value_types types);

/// An integer is not a number as well, but numbers are integers, too.
[[nodiscard]] value_types type_of(const json& value);

}  // namespace troupe::llm::detail
