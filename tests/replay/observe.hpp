#pragma once

#include "replay/recorded_case.hpp"

#include <troupe/system.hpp>

#include <optional>
#include <string>

namespace troupe::replay {

/// Runs `work`, the flow of a case, and says what happened, with the trace that
/// its events tell of; nothing if it does not end. `id` is that of the run.
[[nodiscard]] std::optional<observation> observe(troupe::system& system,
                                                 const flow& work,
                                                 const recorded_case& from,
                                                 const std::string& id = {});

/// The same of a run that has been started.
[[nodiscard]] std::optional<observation> observe(const run& run);

}  // namespace troupe::replay
