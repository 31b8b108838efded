#include "remote/members/cluster_room.hpp"
#include "remote/placed/placed_items.hpp"
#include "support/catch.hpp"

#include <troupe/interrupts.hpp>
#include <troupe/remote/serve.hpp>
#include <troupe/system.hpp>

#include <signal.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace troupe_test;

TEST_CASE("A worker serves until its program is asked to end", "[remote]") {
  troupe::interrupts asked;
  cluster_room room;
  troupe::remote::worker_options options;
  options.flows = {placed_items()};
  options.join = room.listener().at();
  bool was_served = false;
  {
    const std::jthread supervisor{[&] {
      was_served =
          room.listener().wait_for_workers(1, cluster_room::patience) &&
          room.finish(room.system().start(placed_items())).ok();
      kill(getpid(), SIGTERM);
    }};
    troupe::system away{{.threads = 1, .prepare = troupe::remote::network()}};
    serve(away, std::move(options), asked);
  }
  CHECK(asked.came());
  CHECK(was_served);
}
