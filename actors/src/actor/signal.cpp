#include "actor/signal.hpp"

namespace troupe::detail {

payload::~payload() = default;

}  // namespace troupe::detail
