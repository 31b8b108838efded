#pragma once

#include <troupe/flow.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::bench {

/// Text of so many bytes, another one for each `number`.
[[nodiscard]] std::string text_of(std::size_t bytes, std::int64_t number);

/// A ring of two nodes that count "n" up to `last` and write text of so many
/// bytes to "text" in each step.
/// @pre `last` is even
[[nodiscard]] flow writing_flow(std::int64_t last, std::size_t bytes);
/// A ring of two nodes that count "n" up to `last` and append text of so many
/// bytes to "texts".
/// @pre `last` is even
[[nodiscard]] flow appending_flow(std::int64_t last, std::size_t bytes);
/// A ring of two nodes that count "n" up to `last`, and a third node that waits
/// for an hour where `waits` is set.
/// @pre `last` is even; `waits` outlives the flow
[[nodiscard]] flow stopping_flow(std::int64_t last,
                                 const std::atomic<bool>& waits);

}  // namespace troupe::bench
