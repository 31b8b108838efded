// A run in a program of CAF actors: an actor starts it, and gets its end as a
// message.

#include <troupe/protocol.hpp>
#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <stdexcept>

namespace {

troupe::flow stock_keeping() {
  troupe::flow_builder flow{"stock"};
  flow.add("sell", [](troupe::state& shared) {
    if (shared.get<int>("count") > 10) throw std::runtime_error("sold out");
    shared.add("sold", shared.get<int>("count"));
  });
  return flow.build();
}

// region: caf
struct config : caf::actor_system_config {
  config() { troupe::system::load(*this); }
};

caf::behavior desk(caf::event_based_actor* self, troupe::system* runtime) {
  const auto order = [=](int count) {
    runtime->start(stock_keeping(), {{"count", count}})
        .then(caf::actor_cast<caf::actor>(self));
  };
  const auto ended = [=](const troupe::run_ended& what) {
    if (what.result.ok()) {
      std::cout << "sold " << what.result.state.get<int>("sold") << "\n";
      caf::anon_send(caf::actor_cast<caf::actor>(self), 12);
    } else {
      std::cout << what.result.failure->message() << "\n";
      self->quit();
    }
  };
  return {order, ended};
}
// endregion

}  // namespace

int main() {
  // region: host
  config settings;
  caf::actor_system host{settings};
  troupe::system runtime{host};
  const auto clerk = host.spawn(desk, &runtime);
  caf::anon_send(clerk, 3);
  // endregion
  caf::scoped_actor self{host};
  self->wait_for(clerk);
}
