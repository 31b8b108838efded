#pragma once

#include "leases/lease.hpp"

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::detail {

/// The labels and the capacity of a worker.
struct worker_offer {
  /// The most work it does at once, at least 1.
  std::size_t capacity = 1;
  std::set<std::string> labels = {};
};

struct lease_options {
  /// A worker that was not heard of for so long is given up.
  duration silence_max = std::chrono::seconds{2};
  /// A lease that its worker knows nothing of after so long, and a second for
  /// each megabyte under way, did not arrive.
  duration arrival_max = std::chrono::seconds{1};
  /// The maximum number of bytes on their way to one worker (a single larger
  /// piece of work is allowed): a worker's signs of life queue behind them.
  std::size_t bytes_under_way_max = std::size_t{8} << 20;
  /// Work that takes so long is given to a second worker where one has nothing
  /// else to do, and the first success counts. Nothing: it is not.
  std::optional<duration> twice_after = {};
  /// Work that was lost so often with a worker which had nothing else is not
  /// given away again: it is what they died of.
  std::uint32_t deaths_max = 10;
  /// The maximum number of invalid leases in a worker's report that are taken
  /// back at once; the others follow with its next report.
  std::size_t taken_back_max = 1000;
};

/// The losses of a work with workers that had nothing else, by how that
/// was noticed.
struct lone_losses {
  /// The connection broke.
  std::uint32_t gone = 0;
  /// Nothing was heard of it.
  std::uint32_t silent = 0;

  friend bool operator==(const lone_losses&, const lone_losses&) = default;
};

/// An order that a supervisor is to carry out.
struct lease_order {
  enum class kind : std::uint8_t {
    /// Send the lease to the worker.
    give,
    /// Tell the worker that the lease counts no more.
    take_back,
    /// The work has failed: `deaths_max` workers died of it. `losses` counts
    /// them.
    fail,
    /// The worker counts no more, whatever it may yet say.
    dismiss,
  };

  kind what = kind::give;
  worker_id worker{};
  detail::lease lease = {};
  lone_losses losses = {};
  /// The work that a worker held which is dismissed because it was silent.
  std::vector<work_id> held = {};

  friend bool operator==(const lease_order&, const lease_order&) = default;
};

}  // namespace troupe::detail
