#pragma once

#include <troupe/testing.hpp>

#include <caf/all.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace troupe_test {

/// An actor with one handler that runs where the simulation runs.
template <class F>
caf::actor spawn_actor(troupe::testing::simulation& sim, F handler) {
  // As an argument: CAF 0.17.6 follows a null pointer for a function without.
  return sim.system().actors().template spawn<caf::lazy_init>(
      [](const F& own) { return caf::behavior{own}; }, std::move(handler));
}

/// An actor that is the test: it takes numbers and answers when told to.
class peer {
 public:
  explicit peer(caf::actor_system& at) : self_(at) {}
  explicit peer(troupe::testing::simulation& sim)
      : peer(sim.system().actors()) {}

  [[nodiscard]] caf::actor handle() const {
    return caf::actor_cast<caf::actor>(self_.ptr());
  }
  /// Waits for the next question and keeps it.
  void take() {
    self_->receive(
        [this](int) { kept_.push_back(self_->make_response_promise()); });
  }
  /// Answers question number `index`, counted from 0.
  void answer(std::size_t index, int with) { kept_.at(index).deliver(with); }

 private:
  caf::scoped_actor self_;
  std::vector<caf::response_promise> kept_;
};

}  // namespace troupe_test
