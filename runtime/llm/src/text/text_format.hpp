#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::llm::detail {

/// The formats of text that are checked.
enum class text_format : std::uint8_t { any, date, time, date_time };

/// The format of that name, or `any` for one that is not checked.
[[nodiscard]] text_format format_named(std::string_view name) noexcept;

[[nodiscard]] std::string_view name_of(text_format format) noexcept;

/// Source: RFC 3339, 5.6, full-date, full-time and date-time.
[[nodiscard]] bool has_format(std::string_view text, text_format format);

}  // namespace troupe::llm::detail
