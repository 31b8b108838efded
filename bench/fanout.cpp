#include "cases.hpp"
#include "numbered_items.hpp"
#include "raw/raw_caf.hpp"

#include <algorithm>
#include <array>
#include <latch>
#include <utility>

namespace troupe::bench {

namespace {

constexpr std::size_t branch_nodes = 3;

struct trivial {
  std::int64_t prep(const state&, const context& ctx) const {
    return ctx.params().at("i").get<std::int64_t>();
  }
  std::int64_t exec(std::int64_t i) const { return i + 1; }
  action post(state&, std::int64_t, std::int64_t) const { return {}; }
};

flow all_of(std::size_t n) {
  flow_builder one{"one"};
  const auto first = one.add("first", trivial{});
  first >> one.add("second", trivial{}) >> one.add("third", trivial{});
  return batch("all", one.build(),
               [n](const state&) { return numbered_items{n}; },
               {.concurrency = concurrency_max});
}

/// Makes a request to each of three actors and tells its parent.
class caf_sub_flow : public caf::event_based_actor {
 public:
  caf_sub_flow(caf::actor_config& config, const caf::actor* counters,
               caf::actor parent)
      : event_based_actor(config),
        counters_(counters),
        parent_(std::move(parent)) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t) { go_on(0); }};
  }

 private:
  void go_on(std::int64_t n) {
    if (n == static_cast<std::int64_t>(branch_nodes)) {
      detail::send(this, parent_, std::int64_t{1});
      quit();
      return;
    }
    detail::request(this, counters_[n], n).then([this](std::int64_t next) {
      go_on(next);
    });
  }

  const caf::actor* counters_;
  caf::actor parent_;
};

/// Told a negative number, starts so many sub-flows and waits for them.
class caf_batch : public caf::event_based_actor {
 public:
  caf_batch(caf::actor_config& config, const caf::actor* counters,
            std::latch* finished)
      : event_based_actor(config), counters_(counters), done_(finished) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t number) {
      if (number < 0) {
        start(-number);
      } else if (--left_ == 0) {
        done_->count_down();
        quit();
      }
    }};
  }

 private:
  void start(std::int64_t n) {
    left_ = n;
    const auto self = caf::actor_cast<caf::actor>(this);
    for (std::int64_t i = 0; i < n; ++i) {
      detail::send(this, spawn<caf_sub_flow>(counters_, self), std::int64_t{1});
    }
  }

  const caf::actor* counters_;
  std::latch* done_;
  std::int64_t left_ = 0;
};

double caf_sub_flows_per_s(std::size_t threads, std::size_t n) {
  raw_caf caf{threads, caf_policy::sharing};
  std::array<caf::actor, branch_nodes> counters;
  for (auto& each : counters) each = spawn_counter(caf.actors());
  std::latch done{1};
  auto all = caf.actors().spawn<caf_batch>(counters.data(), &done);
  const double before = now_ns();
  start_and_wait({std::move(all)}, -static_cast<std::int64_t>(n), done);
  return static_cast<double>(n) / (now_ns() - before) * 1e9;
}

}  // namespace

report fanout(const measuring& how, std::size_t n) {
  const std::size_t caf_n = std::min(n, how.caf_max);
  samples rates;
  samples peaks;
  samples growths;
  samples caf_rates;
  samples caf_growths;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    {
      system on{{.threads = how.threads}};
      const flow all = all_of(n);
      forget_peak();
      const auto rss_before = static_cast<double>(rss_bytes());
      const double before = now_ns();
      const outcome result = on.start(all).get();
      rates.add(static_cast<double>(n) / (now_ns() - before) * 1e9);
      if (!result.ok()) throw *result.failure;
      const auto peak = static_cast<double>(peak_rss_bytes());
      peaks.add(peak);
      growths.add((peak - rss_before) / static_cast<double>(n));
    }
    forget_peak();
    const auto rss_before = static_cast<double>(rss_bytes());
    caf_rates.add(caf_sub_flows_per_s(how.threads, caf_n));
    caf_growths.add((static_cast<double>(peak_rss_bytes()) - rss_before) /
                    static_cast<double>(caf_n));
  }
  report found{"fanout"};
  found.set("n", n);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("subflows_per_s", rates);
  found.set("wall_s", static_cast<double>(n) / rates.median());
  found.set("peak_rss_bytes", peaks);
  found.set("bytes_per_subflow", growths);
  found.set("caf_n", caf_n);
  found.set("caf_subflows_per_s", caf_rates);
  found.set("caf_bytes_per_subflow", caf_growths);
  found.set("ratio", rates.median() / caf_rates.median());
  return found;
}

}  // namespace troupe::bench
