#pragma once

#include <troupe/clock.hpp>
#include <troupe/remote/network.hpp>

#include <optional>
#include <string>

namespace troupe::remote {

/// Connects to an address, and closes the connection again. The result is why
/// it cannot be done within `limit`, or nothing if it can.
///
/// To be asked before CAF connects: that waits as long as the kernel does,
/// minutes where packets are dropped, and so do all who want to connect or
/// listen meanwhile, as one actor does it for all.
///
/// Blocks. A name is looked up first, in the time the resolver takes for it.
/// Thread safety: internally synchronised.
[[nodiscard]] std::optional<std::string> why_unreachable(const endpoint& to,
                                                         duration limit);

}  // namespace troupe::remote
