#pragma once

#include <troupe/flow.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::bench {

/// A ring of `nodes` nodes, each of which adds one to the number "n" of the
/// state, left when that is `last`.
/// @pre `last` is a multiple of `nodes`
[[nodiscard]] flow counting_flow(std::size_t nodes, std::int64_t last);

/// Runs such a flow on `document` and gives the nanoseconds per step.
/// Errors: throws what made the run fail.
[[nodiscard]] double ns_per_step(system& on, const flow& counting,
                                 state document, std::int64_t last);

}  // namespace troupe::bench
