#pragma once

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

namespace troupe::detail {

/// The base of content that messages share by reference: the sender hands its
/// reference over and copies nothing.
class payload : public caf::ref_counted {
 public:
  ~payload() override;
};

using payload_ptr = caf::intrusive_ptr<payload>;

}  // namespace troupe::detail
