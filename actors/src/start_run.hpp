#pragma once

#include <troupe/state.hpp>

#include <memory>

namespace troupe::detail {

class run_core;

/// Starts a run on `initial`, its shared state.
void start_run(const std::shared_ptr<run_core>& run, state initial);

}  // namespace troupe::detail
