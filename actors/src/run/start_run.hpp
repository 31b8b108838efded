#pragma once

#include <troupe/state.hpp>

#include <memory>

namespace troupe::detail {

class run_core;

/// Starts a run on `initial`, its shared state.
void start_run(const std::shared_ptr<run_core>& run, state initial);
/// The same, where somebody may be about to wait for its end: then it begins on
/// that thread; see `deferred_start`.
void start_run_deferred(const std::shared_ptr<run_core>& run, state initial);

}  // namespace troupe::detail
