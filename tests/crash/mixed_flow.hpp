#pragma once

#include "effects.hpp"

#include <troupe/system.hpp>

#include <memory>

namespace crash {

/// The system that nodes start runs in; set before the first run.
using system_place = std::shared_ptr<troupe::system*>;

/// A flow with a node of each kind. It ends the same however often its process
/// dies, and "n" of its state decides what it does.
[[nodiscard]] troupe::flow mixed_flow(const effects_ptr& notes,
                                      const system_place& where);
/// The flow of the runs that it starts.
[[nodiscard]] troupe::flow child_flow(const effects_ptr& notes);
/// A flow that kills its process at its third step.
[[nodiscard]] troupe::flow poisoned_flow(const effects_ptr& notes);

}  // namespace crash
