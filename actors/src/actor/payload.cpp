#include "actor/payload.hpp"

namespace troupe::detail {

payload::~payload() = default;

}  // namespace troupe::detail
