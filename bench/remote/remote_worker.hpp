#pragma once

#include <troupe/remote/network.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::bench {

/// Options of a worker process of a benchmark.
struct remote_worker_options {
  std::size_t threads = 1;
  std::size_t capacity = 1;
  /// The port of the supervisor. 0: it is an echo actor of raw CAF instead,
  /// and writes the port at which that is published to the standard output.
  std::uint16_t join = 0;
  /// A folder of `throwaway_certificates`. Empty: no TLS.
  std::string certificates = {};
};

/// Serves until the standard input ends.
void serve_as_remote_worker(const remote_worker_options& how);

/// The network of all processes of a benchmark.
[[nodiscard]] remote::network_options bench_network(
    const std::string& certificates);

}  // namespace troupe::bench
