#include "run/start_run.hpp"

#include "core/run_core.hpp"
#include "core/system_core.hpp"
#include "old_caf/worker_scheduler.hpp"
#include "run/flow_supervisor.hpp"

#include <utility>

namespace troupe::detail {

namespace {

void make_supervisor(const std::shared_ptr<run_core>& run, state initial) {
  run->system().on_run_started(*run);
  lite_ptr<flow_supervisor> supervisor;
  try {
    supervisor = spawn_lite<flow_supervisor>(run->system().at(), nullptr, run,
                                             std::move(initial));
    run->set_supervisor(supervisor);
    if (const auto deadline = run->options().deadline) {
      supervisor->set_deadline(*deadline);
    }
  } catch (...) {
    // A supervisor that dies here ends the run, and with that says so.
    const bool was_made = supervisor != nullptr;
    run->set_supervisor({});
    supervisor = nullptr;
    if (!was_made) run->system().on_run_over(*run);
    throw;
  }
  if (run->system().is_ending()) run->cancel(ending_reason);
}

}  // namespace

void start_run(const std::shared_ptr<run_core>& run, state initial) {
  make_supervisor(run, std::move(initial));
  run->begin(nullptr);
}

void start_run_deferred(const std::shared_ptr<run_core>& run, state initial) {
  make_supervisor(run, std::move(initial));
  auto& system = run->system();
  if (system.queue() != nullptr || !defer(system.at().system, run)) {
    run->begin(nullptr);
  }
}

}  // namespace troupe::detail
