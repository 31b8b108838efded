#pragma once

// The same work by raw CAF, with actors as its manual writes them.

#include "caf/caf_version.hpp"

#include <cstddef>
#include <cstdint>
#include <latch>
#include <vector>

namespace troupe::bench {

/// CAF's stock schedulers. On 0.17.6, stealing takes time that grows with the
/// number of waiting actors, so crowds of actors are better off with sharing.
enum class caf_policy : std::uint8_t { stealing, sharing };

/// An actor system of CAF's own.
class raw_caf {
 public:
  explicit raw_caf(std::size_t threads,
                   caf_policy policy = caf_policy::stealing);

  [[nodiscard]] caf::actor_system& actors() noexcept { return actors_; }

 private:
  struct config : caf::actor_system_config {
    config(std::size_t threads, caf_policy policy);
  };

  config config_;
  caf::actor_system actors_;
};

/// Sends `number` to each of `to` and waits until `done` is counted down.
void start_and_wait(const std::vector<caf::actor>& to, std::int64_t number,
                    std::latch& done);

/// An actor that answers a number with the next one.
[[nodiscard]] caf::actor spawn_counter(caf::actor_system& actors);

/// Nanoseconds per request and its answer, where each of `clients` actors
/// makes `steps` requests, one after the other, to `nodes` actors in turn.
[[nodiscard]] double ns_per_request(std::size_t threads, std::size_t nodes,
                                    std::size_t clients, std::int64_t steps);

}  // namespace troupe::bench
