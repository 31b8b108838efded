#include "waiting_flow.hpp"

#include "measure.hpp"
#include "numbered_items.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>

#include <utility>

namespace troupe::bench {

namespace {

/// In the tally for as long as it lives.
class waiting_one {
 public:
  explicit waiting_one(waiting_tally& tally) : tally_(tally) {
    const auto now = tally_.waiting.fetch_add(1) + 1;
    auto most = tally_.most.load();
    while (most < now && !tally_.most.compare_exchange_weak(most, now)) {
    }
  }
  waiting_one(const waiting_one&) = delete;
  waiting_one& operator=(const waiting_one&) = delete;
  ~waiting_one() {
    tally_.waiting.fetch_sub(1);
    if (tally_.ended.fetch_add(1) + 1 == tally_.expected) {
      tally_.last_ended_ns.store(now_ns());
    }
  }

 private:
  waiting_tally& tally_;
};

struct wait_node {
  std::shared_ptr<waiting_tally> tally;
  duration span;

  task<void> exec() const {
    const waiting_one here{*tally};
    co_await sleep_for(span);
  }
};

}  // namespace

flow waiting_flow(std::size_t n, duration wait,
                  std::shared_ptr<waiting_tally> tally) {
  tally->expected = n;
  flow_builder one{"one"};
  const auto first = one.add("before", [](state&) {});
  first >> one.add("wait", wait_node{std::move(tally), wait}) >>
      one.add("after", [](state&) {});
  return batch("all", one.build(),
               [n](const state&) { return numbered_items{n}; },
               {.concurrency = concurrency_max});
}

}  // namespace troupe::bench
