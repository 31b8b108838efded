#pragma once

#include <troupe/state.hpp>

namespace troupe_test {

/// A node that does nothing.
inline constexpr auto nothing = [](troupe::state&) {};

}  // namespace troupe_test
