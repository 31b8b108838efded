#include "workload.hpp"

#include "core/system_core.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace soak {

using namespace std::chrono_literals;

namespace {

troupe::flow one_node(auto node, troupe::node_options options = {}) {
  troupe::flow_builder builder{"soak"};
  builder.add("only", std::move(node), std::move(options));
  return builder.build();
}

auto items(int count) {
  return [count](const troupe::state&) {
    std::vector<troupe::json> all;
    for (int i = 0; i < count; ++i) all.push_back({{"i", i}});
    return all;
  };
}

void must(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error{what};
}

/// Waits for all of `runs`, each of which must have ended well or badly.
void wait_for(const std::vector<troupe::run>& runs, bool must_be_ok) {
  for (const auto& each : runs) {
    const auto ended = each.get();
    must(ended.ok() == must_be_ok,
         each.id() + " ended otherwise than it must: " +
             (ended.ok() ? "well" : ended.failure->describe()));
  }
}

struct fails_at_times {
  void exec(troupe::context& ctx) const {
    if (ctx.params().at("i").get<int>() % 7 == 0) {
      throw std::runtime_error("every seventh fails");
    }
  }
};

struct fails_at_first {
  int exec(troupe::context& ctx) const {
    if (ctx.attempt() < 2) throw std::runtime_error("not yet");
    return 1;
  }
  void post(troupe::state& shared, int what) const { shared.add("n", what); }
};

struct sleeps {
  troupe::duration span;
  troupe::task<> exec() const { co_await troupe::sleep_for(span); }
};

struct blocks {
  troupe::duration span;
  void exec() const {
    // tidy: allow sleep (a call that blocks is what it stands for)
    std::this_thread::sleep_for(span);
  }
};

struct passes {
  troupe::semaphore places;
  troupe::rate_limit rate;

  troupe::task<> exec() const {
    const auto place = co_await places.acquire();
    auto pass = co_await rate.acquire(1);
    pass.used(3);
  }
};

struct emits {
  void exec(troupe::context& ctx) const {
    for (int i = 0; i < 500; ++i) {
      ctx.emit(troupe::value::array({i, std::string(1000, 'x')}));
    }
  }
};

troupe::rate_limit_options quick() {
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 20'000, .per = 1s, .burst = 50};
  allowed.tokens = {{.amount = 60'000, .per = 1s, .burst = 150}};
  return allowed;
}

}  // namespace

workload::workload()
    : system_({.threads = 2, .blocking_threads_max = 8}),
      places_(system_, 4),
      rate_(system_, quick()) {}

void workload::round() {
  short_flows();
  batches();
  cancelled();
  blocking_calls();
  limited();
  unread();
  another_system();
  for (const auto& each : others_) each();
  while (system_.core().actors() != 0) std::this_thread::yield();
}

void workload::short_flows() {
  troupe::flow_builder builder{"short"};
  auto last = builder.add("first", [](troupe::state& s) { s.set("n", 0); });
  for (int i = 0; i < 4; ++i) {
    const auto next = builder.add("step" + std::to_string(i),
                                  [](troupe::state& s) { s.add("n", 1); });
    last >> next;
    last = next;
  }
  const auto good = builder.build();
  const auto bad = one_node(
      [](troupe::state&) { throw std::runtime_error("this one fails"); });
  std::vector<troupe::run> ok;
  std::vector<troupe::run> failed;
  for (int i = 0; i < 200; ++i) {
    ok.push_back(system_.start(good));
    failed.push_back(system_.start(bad));
  }
  wait_for(ok, true);
  wait_for(failed, false);
}

void workload::batches() {
  const auto some_fail =
      troupe::batch("some", one_node(fails_at_times{}), items(200),
                    {.concurrency = 20, .on_failure = troupe::collect});
  const auto one_fails = troupe::batch("one", one_node(fails_at_times{}),
                                       items(50), {.concurrency = 20});
  troupe::node_options again;
  again.retry = {.attempts = 3, .wait = 1ms, .backoff = 2};
  const auto retried =
      troupe::batch("retried", one_node(fails_at_first{}, again), items(50),
                    {.concurrency = 50});
  wait_for({system_.start(some_fail), system_.start(retried)}, true);
  wait_for({system_.start(one_fails)}, false);
}

void workload::cancelled() {
  const auto asleep = troupe::batch("asleep", one_node(sleeps{24h}), items(50),
                                    {.concurrency = 50});
  std::vector<troupe::run> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(system_.start(asleep));
  for (const auto& each : runs) each.cancel("enough");
  for (int i = 0; i < 5; ++i) {
    runs.push_back(system_.start(asleep, {}, {.deadline = 5ms}));
  }
  wait_for(runs, false);
}

void workload::blocking_calls() {
  const auto short_call = troupe::batch(
      "calls", one_node(blocks{0ms}, {.threads = troupe::blocking}), items(50),
      {.concurrency = 50});
  const auto long_call = troupe::batch(
      "calls",
      one_node(blocks{5ms}, {.timeout = 1ms, .threads = troupe::blocking}),
      items(10), {.concurrency = 10});
  wait_for({system_.start(short_call)}, true);
  // On a busy machine the time limit may come too late.
  static_cast<void>(system_.start(long_call).get());
}

void workload::limited() {
  const auto all = troupe::batch("limited", one_node(passes{places_, rate_}),
                                 items(100), {.concurrency = 100});
  wait_for({system_.start(all)}, true);
}

void workload::unread() {
  std::vector<troupe::run> runs;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(
        system_.start(one_node(emits{}), {},
                      {.events_max = 400, .event_bytes_max = 300'000}));
  }
  wait_for(runs, true);
}

// Threads and memory of a whole system come and go.
void workload::another_system() {
  troupe::system other{{.threads = 1}};
  must(other.start(one_node(blocks{0ms}, {.threads = troupe::blocking}))
           .get()
           .ok(),
       "a flow on another system failed");
}

}  // namespace soak
