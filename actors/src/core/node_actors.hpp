#pragma once

#include "core/fiber_actor.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

class node_actor;
struct graph_node;

/// The node actors of one run, made when the first message goes to them.
///
/// Thread safety: internally synchronised.
class node_actors {
 public:
  node_actors();
  ~node_actors();

  /// The actor of `node`.
  lite_ptr<node_actor> find_or_spawn(const graph_node& node, fiber_actor& asker,
                                     exec_ctx* from);
  /// The actor has died: the next message to its node makes another one.
  void forget(const node_actor& dead);
  /// Forgets all of them, so that they end.
  void stop();

 private:
  std::mutex mutex_;
  std::unordered_map<const graph_node*, lite_ptr<node_actor>> actors_;
};

}  // namespace troupe::detail
