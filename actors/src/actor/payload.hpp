#pragma once

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

namespace troupe::detail {

/// What messages share by reference: who sends one hands over what it holds,
/// and never copies it.
class payload : public caf::ref_counted {
 public:
  ~payload() override;
};

using payload_ptr = caf::intrusive_ptr<payload>;

}  // namespace troupe::detail
