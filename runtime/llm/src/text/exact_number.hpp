#pragma once

#include "troupe/json.hpp"

#include <compare>
#include <string>

namespace troupe::llm::detail {

/// The order of two numbers as they are written: no conversion rounds them.
[[nodiscard]] std::partial_ordering order_of(const json& one,
                                             const json& other) noexcept;

/// Returns whether a number is an integer: it has no fraction, and fits 64
/// bits.
[[nodiscard]] bool is_whole(const json& number) noexcept;

/// Returns whether `number` is a multiple of `divisor`, which is above zero,
/// both taken as the shortest decimals that are read as them: 0.0075 is one of
/// 0.0001.
[[nodiscard]] bool is_multiple(const json& number, const json& divisor);

/// Adds a text that only equal numbers have: 1 and 1.0 have the same.
void append_exact(const json& number, std::string& into);

}  // namespace troupe::llm::detail
