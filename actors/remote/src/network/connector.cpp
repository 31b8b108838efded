#include "network/connector.hpp"

#include "network/transport.hpp"
#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <random>
#include <set>
#include <string>
#include <utility>

namespace troupe::remote {

connector::connector(caf::actor_system& system, options chosen)
    : system_(system),
      options_(std::move(chosen)),
      pace_(options_.retry_max, std::random_device{}()),
      thread_(detail::start_thread("a connection", [this] { loop(); })) {}

connector::~connector() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void connector::again() {
  {
    const std::lock_guard lock{mutex_};
    is_wanted_ = true;
  }
  changed_.notify_all();
}

void connector::loop() {
  while (wait_until_wanted()) try_until_reached();
}

bool connector::wait_until_wanted() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return is_wanted_ || is_ending_; });
  is_wanted_ = false;
  pace_.on_lost(clock::steady().now());
  return !is_ending_;
}

void connector::try_until_reached() {
  std::set<std::string> told;
  while (pause(pace_.next())) {
    auto found = connect(system_, options_.to);
    if (auto* reached = std::get_if<caf::actor>(&found)) {
      pace_.on_reached(clock::steady().now());
      options_.on_reached(std::move(*reached));
      return;
    }
    const auto& why = std::get<std::string>(found);
    // Once for each reason: this may go on for days.
    if (told.insert(why).second) {
      options_.notice("cannot reach " + options_.to.text() + ": " + why +
                      "; keeps trying");
    }
  }
}

bool connector::pause(duration span) {
  std::unique_lock lock{mutex_};
  return !detail::wait_at_most(lock, changed_, span,
                               [&] { return is_ending_; });
}

}  // namespace troupe::remote
