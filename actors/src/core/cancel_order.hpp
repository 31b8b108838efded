#pragma once

#include "core/fiber_actor.hpp"

#include <troupe/error.hpp>

#include <utility>

namespace troupe::detail {

/// The reason why a supervisor is to end now.
class cancel_order final : public payload {
 public:
  explicit cancel_order(error reason) : why(std::move(reason)) {}

  const error why;
};

/// `order` may be null, where there was no memory for it.
inline signal cancel_signal(caf::intrusive_ptr<cancel_order> order) noexcept {
  return signal{signal_kind::cancel, 0, 0, std::move(order)};
}

/// Says why a run was cancelled, or why it died, where there was no memory for
/// the reason. Made when the first system is.
[[nodiscard]] const error& cancelled_for_no_reason();
[[nodiscard]] const error& died_for_want_of_memory();

}  // namespace troupe::detail
