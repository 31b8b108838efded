#pragma once

// The same work by raw CAF: requests to actors of other processes.

#include "caf/caf_version.hpp"

#include <troupe/remote/network.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::bench {

/// An actor system of CAF's own that speaks to other processes.
class raw_network {
 public:
  raw_network(std::size_t threads, const remote::network_options& network);

  [[nodiscard]] caf::actor_system& actors() noexcept { return actors_; }

 private:
  struct config : caf::actor_system_config {
    config(std::size_t threads, const remote::network_options& network);
  };

  config config_;
  caf::actor_system actors_;
};

/// An actor that other processes can reach, and that sends back what it gets.
class raw_echo {
 public:
  raw_echo(std::size_t threads, const remote::network_options& network);
  raw_echo(const raw_echo&) = delete;
  raw_echo& operator=(const raw_echo&) = delete;
  ~raw_echo();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  raw_network network_;
  caf::actor self_;
  std::uint16_t port_ = 0;
};

/// Requests with a payload to such actors, so many in flight.
struct raw_requests {
  std::size_t count = 0;
  std::size_t window = 1;
  std::string payload;
};

struct request_times {
  double wall_s = 0;
  std::vector<double> took_ns;
};

/// Makes requests from one actor, each when an earlier one is answered.
class raw_client {
 public:
  /// Errors: throws `std::runtime_error` for a port that cannot be reached.
  raw_client(std::size_t threads, const remote::network_options& network,
             const std::vector<std::uint16_t>& ports);

  [[nodiscard]] request_times make(const raw_requests& which);

 private:
  raw_network network_;
  std::vector<caf::actor> echoes_;
};

}  // namespace troupe::bench
