#pragma once

#include "remote/members/cluster_room.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>

#include <memory>

namespace troupe_test {

struct idle_node {
  void exec() const {}
};

/// A worker that is there for what it shares, hears or asks.
inline std::unique_ptr<worker_room> join_idle(cluster_room& room) {
  return room.join({troupe::batch("all", one_node(idle_node{}), numbered(1),
                                  {.on = "gpu"})});
}

}  // namespace troupe_test
