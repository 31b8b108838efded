#pragma once

#include "troupe/clock.hpp"
#include "troupe/limit.hpp"
#include "troupe/retry.hpp"
#include "troupe/threads.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Options of a node. Everything here concerns `exec`: `prep` and `post` run
/// once per step, beside the state.
struct node_options {
  /// The rules for retries of a failed `exec`.
  retry_options retry = {};
  /// The longest an attempt may take, more than zero. A coroutine is destroyed
  /// where it waits, a blocking call goes on but its result is dropped, and a
  /// plain call cannot be interrupted: it fails when it returns too late.
  /// Waiting for a permit does not count, nor does that of a blocking node for
  /// a thread. Absent means no limit.
  std::optional<duration> timeout = {};
  /// The maximum number of attempts of this node that run at once in one
  /// system, over all runs and sub-flows, at least 1. Those above wait in line.
  /// A blocking call that goes on after its attempt holds its place until it
  /// returns. Absent means no limit.
  std::optional<std::uint32_t> concurrency = {};
  /// The limits that each attempt has to pass, in this order, for example a
  /// `rate_limit`. Nodes that name two of the same should name them in the same
  /// order.
  std::vector<limit> limits = {};
  /// On which threads it runs; `troupe::blocking` for those that may block.
  enum threads threads = threads::shared;
  /// Which workers make its attempts: those that serve this label. What `prep`
  /// gives goes out and what `exec` gives comes back, both as JSON; the time
  /// limit counts where the attempt is made. Empty, or in a process that
  /// listens for no workers: it runs here.
  std::string on = {};
  /// Top-level keys of the shared state that an `exec` which takes the state
  /// finds in it when it runs elsewhere; it finds nothing else.
  std::vector<std::string> reads = {};
};

/// Returns whether an attempt may have to wait in a line before it begins.
[[nodiscard]] inline bool has_line(const node_options& options) noexcept {
  return options.concurrency || !options.limits.empty();
}

/// Returns the faults of `options`, as sentences; empty if it has none.
[[nodiscard]] std::vector<std::string> mistakes_in(const node_options& options);

}  // namespace troupe
