#pragma once

#include "journal.hpp"

#include <troupe/flow.hpp>
#include <troupe/state.hpp>

#include <cstddef>
#include <cstdint>

namespace chaos {

/// The label of all workers.
inline constexpr const char* label = "work";
/// The number of sub-flows of one run that are alive at once.
inline constexpr std::size_t width = 12;

/// Returns the state that a run begins with.
[[nodiscard]] troupe::state initial_state();

/// The flow of every run: a placed step, a batch of placed sub-flows, and
/// another placed step, each of which takes 5 to 50 ms. The params are `run`,
/// `seed` and `items`.
///
/// Every item adds 1 to "/counts/ITEM", and both steps to "/counts/NAME"; what
/// became of the sub-flows is counted in "/outcomes", by kind, and "why" is why
/// one of them failed.
///
/// An item reads the number to add from the snapshot that goes out to workers.
[[nodiscard]] troupe::flow counting_flow(const journal_ptr& notes);

}  // namespace chaos
