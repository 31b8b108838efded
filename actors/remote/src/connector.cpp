#include "connector.hpp"

#include "start_thread.hpp"
#include "transport.hpp"
#include "wait_at_most.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace troupe::remote {

namespace {

constexpr duration first_wait = std::chrono::milliseconds{100};

// Workers that lost one supervisor at the same time do not come back at the
// same time.
duration spread(duration wait) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> share{0.5, 1};
  return std::chrono::duration_cast<duration>(wait * share(random));
}

}  // namespace

connector::connector(caf::actor_system& system, options chosen)
    : system_(system),
      options_(std::move(chosen)),
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
  const auto has_changed = [&] { return is_wanted_ || is_ending_; };
  std::unique_lock lock{mutex_};
  // One that is lost as soon as it is reached is not really there, and the
  // waits go on growing.
  if (!detail::wait_at_most(lock, changed_, options_.retry_max, has_changed)) {
    wait_ = duration::zero();
    changed_.wait(lock, has_changed);
  }
  is_wanted_ = false;
  return !is_ending_;
}

void connector::try_until_reached() {
  std::set<std::string> told;
  while (pause(spread(wait_))) {
    wait_ =
        std::min(std::max(after(time_point{wait_}, wait_).time_since_epoch(),
                          first_wait),
                 options_.retry_max);
    auto found = connect(system_, options_.to);
    if (auto* reached = std::get_if<caf::actor>(&found)) {
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
