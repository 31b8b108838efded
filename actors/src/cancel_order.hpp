#pragma once

#include "fiber_actor.hpp"

#include <troupe/error.hpp>

#include <utility>

namespace troupe::detail {

/// Why a supervisor is to end now.
class cancel_order final : public payload {
 public:
  explicit cancel_order(error reason) : why(std::move(reason)) {}

  const error why;
};

inline signal cancel_signal(error why) {
  return signal{signal_kind::cancel, 0, 0,
                caf::make_counted<cancel_order>(std::move(why))};
}

}  // namespace troupe::detail
