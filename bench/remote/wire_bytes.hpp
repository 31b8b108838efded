#pragma once

#include <cstdint>

namespace troupe::bench {

/// The bytes that the open TCP connections of this process which were accepted
/// at a port have carried so far, in both directions: those of the streams, as
/// the kernel counts them (`TCP_INFO`), with TLS and without the headers of
/// packets.
/// Errors: throws `std::system_error` where the kernel does not say.
[[nodiscard]] std::uint64_t wire_bytes(std::uint16_t port);

}  // namespace troupe::bench
