#include "start_run.hpp"

#include "flow_supervisor.hpp"
#include "run_core.hpp"
#include "system_core.hpp"

#include <utility>

namespace troupe::detail {

void start_run(const std::shared_ptr<run_core>& run, state initial) {
  run->system().on_run_started();
  const auto supervisor = spawn_lite<flow_supervisor>(
      run->system().at(), nullptr, run, std::move(initial));
  run->set_supervisor(supervisor);
  if (const auto deadline = run->options().deadline) {
    supervisor->set_deadline(*deadline);
  }
  wake(*supervisor);
}

}  // namespace troupe::detail
