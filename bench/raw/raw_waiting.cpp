#include "raw/raw_waiting.hpp"

namespace troupe::bench {

namespace {

class waiter : public caf::event_based_actor {
 public:
  waiter(caf::actor_config& config, std::chrono::milliseconds wait,
         std::latch* waiting, std::latch* ended)
      : event_based_actor(config),
        wait_(wait),
        waiting_(waiting),
        ended_(ended) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t turn) {
      if (turn == 0) {
        detail::delayed_send(this, caf::actor_cast<caf::actor>(this), wait_,
                             std::int64_t{1});
        waiting_->count_down();
      } else {
        quit();
      }
    }};
  }
  void on_exit() override { ended_->count_down(); }

 private:
  std::chrono::milliseconds wait_;
  std::latch* waiting_;
  std::latch* ended_;
};

}  // namespace

raw_waiting::raw_waiting(std::size_t threads, std::size_t n,
                         std::chrono::milliseconds wait)
    : caf_(threads, caf_policy::sharing),
      waiting_(static_cast<std::ptrdiff_t>(n)),
      ended_(static_cast<std::ptrdiff_t>(n)) {
  all_.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    all_.push_back(caf_.actors().spawn<waiter>(wait, &waiting_, &ended_));
    detail::anon_send(all_.back(), std::int64_t{0});
  }
}

void raw_waiting::cancel() {
  for (const auto& each : all_) {
    caf::anon_send_exit(each, caf::exit_reason::kill);
  }
}

}  // namespace troupe::bench
