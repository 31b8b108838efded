#pragma once

#include "actor/manual_queue.hpp"
#include "support/actors/actor_system.hpp"
#include "support/actors/scripted_actor.hpp"

namespace troupe::testing_support {

/// Lite actors that run when the test says so.
struct manual_home : actor_home {
  manual_home() : actor_home{1} { at.queue = &queue; }

  detail::lite_ptr<scripted_actor> spawn() {
    return detail::spawn_lite<scripted_actor>(at, nullptr);
  }

  detail::manual_queue queue{system};
};

}  // namespace troupe::testing_support
