#include "raw/raw_caf.hpp"

#include "measure.hpp"

#include <string>
#include <utility>

namespace troupe::bench {

namespace {

class counter : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[](std::int64_t n) { return n + 1; }};
  }
};

/// Given a number, makes so many requests.
class client : public caf::event_based_actor {
 public:
  client(caf::actor_config& config, std::vector<caf::actor> nodes,
         std::latch* finished)
      : event_based_actor(config), nodes_(std::move(nodes)), done_(finished) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t steps) {
      last_ = steps;
      go_on(0);
    }};
  }

 private:
  void go_on(std::int64_t n) {
    if (n == last_) {
      done_->count_down();
      quit();
      return;
    }
    const auto& node = nodes_[static_cast<std::size_t>(n) % nodes_.size()];
    detail::request(this, node, n).then([this](std::int64_t next) {
      go_on(next);
    });
  }

  std::vector<caf::actor> nodes_;
  std::latch* done_;
  std::int64_t last_ = 0;
};

}  // namespace

raw_caf::config::config(std::size_t threads, caf_policy policy) {
  set(detail::option_name("scheduler.max-threads"), threads);
  const std::string name =
      policy == caf_policy::sharing ? "sharing" : "stealing";
  detail::set_scheduler_policy(*this, name);
}

raw_caf::raw_caf(std::size_t threads, caf_policy policy)
    : config_(threads, policy), actors_(config_) {}

void start_and_wait(const std::vector<caf::actor>& to, std::int64_t number,
                    std::latch& done) {
  for (const auto& each : to) detail::anon_send(each, number);
  done.wait();
}

caf::actor spawn_counter(caf::actor_system& actors) {
  return actors.spawn<counter>();
}

double ns_per_request(std::size_t threads, std::size_t nodes,
                      std::size_t clients, std::int64_t steps) {
  raw_caf caf{threads};
  std::vector<caf::actor> counters;
  for (std::size_t i = 0; i < nodes; ++i) {
    counters.push_back(spawn_counter(caf.actors()));
  }
  std::latch done{static_cast<std::ptrdiff_t>(clients)};
  std::vector<caf::actor> all;
  for (std::size_t i = 0; i < clients; ++i) {
    all.push_back(caf.actors().spawn<client>(counters, &done));
  }
  const double before = now_ns();
  start_and_wait(all, steps, done);
  const double after = now_ns();
  return (after - before) /
         (static_cast<double>(clients) * static_cast<double>(steps));
}

}  // namespace troupe::bench
