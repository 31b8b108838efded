#pragma once

#include "actor/payload.hpp"

#include <troupe/error.hpp>

#include <utility>

namespace troupe::detail {

/// The reason why a supervisor is to end now.
class cancel_order final : public payload {
 public:
  explicit cancel_order(error reason) : why(std::move(reason)) {}

  const error why;
};

namespace supervisor_message {
/// End now. `order` may be null, where there was no memory for it.
struct cancel {
  caf::intrusive_ptr<const cancel_order> order;
};
}  // namespace supervisor_message

/// Says why a run was cancelled, or why it died, where there was no memory for
/// the reason. Made when the first system is.
[[nodiscard]] const error& cancelled_for_no_reason();
[[nodiscard]] const error& died_for_want_of_memory();
/// Says that a durable run was put away.
[[nodiscard]] const error& parked();

}  // namespace troupe::detail
