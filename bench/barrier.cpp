#include "cases.hpp"
#include "raw/raw_caf.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <latch>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds short_wait{50};
constexpr milliseconds branch_wait{200};

struct wait_node {
  milliseconds span;

  task<void> exec() const { co_await sleep_for(span); }
};

flow both_branches() {
  flow_builder two{"two_short"};
  two.add("first", wait_node{short_wait}) >>
      two.add("second", wait_node{short_wait});
  flow_builder one{"one_long"};
  one.add("only", wait_node{branch_wait});
  return fork("both", {two.build(), one.build()});
}

double ours_ms(std::size_t threads) {
  system on{{.threads = threads}};
  const flow both = both_branches();
  const double before = now_ns();
  const outcome result = on.start(both).get();
  const double after = now_ns();
  if (!result.ok()) throw *result.failure;
  return (after - before) * 1e-6;
}

/// Told a number, waits so often.
class caf_branch : public caf::event_based_actor {
 public:
  caf_branch(caf::actor_config& config, milliseconds wait, std::latch* finished)
      : event_based_actor(config), wait_(wait), done_(finished) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t left) {
      if (left == 0) {
        done_->count_down();
        quit();
        return;
      }
      detail::delayed_send(this, caf::actor_cast<caf::actor>(this), wait_,
                           left - 1);
    }};
  }

 private:
  milliseconds wait_;
  std::latch* done_;
};

double caf_ms(std::size_t threads) {
  raw_caf caf{threads};
  std::latch done{2};
  const auto two = caf.actors().spawn<caf_branch>(short_wait, &done);
  const auto one = caf.actors().spawn<caf_branch>(branch_wait, &done);
  const double before = now_ns();
  detail::anon_send(two, std::int64_t{2});
  detail::anon_send(one, std::int64_t{1});
  done.wait();
  return (now_ns() - before) * 1e-6;
}

}  // namespace

report barrier(const measuring& how) {
  samples ours;
  samples caf;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    ours.add(ours_ms(how.threads));
    caf.add(caf_ms(how.threads));
  }
  report found{"barrier"};
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("wall_ms", ours);
  found.set("caf_wall_ms", caf);
  found.set("ratio", ours.median() / caf.median());
  return found;
}

}  // namespace troupe::bench
