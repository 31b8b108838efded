#pragma once

#include <troupe/interrupts.hpp>
#include <troupe/remote/worker.hpp>

namespace troupe {
class system;
}

namespace troupe::remote {

/// Runs a `worker` until the program is asked to end, and then until it has
/// finished its work. Blocks. If the program is asked a second time, it ends at
/// once. This calls `asked.on_first`, which may be called once: do not call it
/// yourself.
///
///     troupe::interrupts asked;
///     troupe::system system{{.prepare = troupe::remote::network()}};
///     troupe::remote::serve(
///         system, {.flows = {embedding()}, .join = supervisor}, asked);
///
/// Errors: as the constructor of `worker`, and as `interrupts::on_first`.
void serve(system& where, worker_options options, interrupts& asked);

}  // namespace troupe::remote
