#pragma once

#include "wire/messages.hpp"

#include <troupe/clock.hpp>
#include <troupe/json.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::remote {

/// The words of a worker about itself, as they are shown to people: of many
/// labels and flows the first ones.
[[nodiscard]] std::shared_ptr<const json> shown_hello(const wire::hello& said);

/// The state of a worker at one moment.
struct reported_worker {
  std::shared_ptr<const json> said;
  std::size_t held = 0;
  std::size_t done = 0;
  duration silent{};
  duration joined{};
  bool is_draining = false;
};

/// The state of a gateway at one moment. Made at each change, so it shares
/// what stays as it is.
struct gateway_report {
  std::vector<reported_worker> workers;
  std::size_t waiting = 0;
  std::size_t leased = 0;

  /// As `listener::status` has it.
  [[nodiscard]] json form() const;
};

}  // namespace troupe::remote
