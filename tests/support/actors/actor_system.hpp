#pragma once

#include "actor/lite_actor.hpp"
#include "old_caf/worker_scheduler.hpp"

#include <cstddef>

namespace troupe::testing_support {

/// A CAF configuration for so many threads, with Troupe's scheduler.
struct actor_config : caf::actor_system_config {
  explicit actor_config(std::size_t threads) {
    detail::set_scheduler(*this, threads, 64);
    detail::load_scheduler(*this);
  }
};

/// The types that CAF 1.x wants before the first configuration is made.
struct caf_types {
  caf_types() {
#if TROUPE_CAF_1
    caf::core::init_global_meta_objects();
#endif
  }
};

/// A system to run lite actors in, without timers.
struct actor_home {
  explicit actor_home(std::size_t threads = 2) : config{threads} {}

  caf_types types;
  actor_config config;
  caf::actor_system system{config};
  detail::home at{.system = system};
};

}  // namespace troupe::testing_support
