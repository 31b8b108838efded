#include "cases.hpp"
#include "raw/raw_waiting.hpp"
#include "waiting_flow.hpp"

#include <chrono>
#include <thread>

namespace troupe::bench {

namespace {

constexpr std::chrono::hours long_wait{1};

struct times {
  double told_ms;
  double done_ms;
};

/// A sub-flow counts as told when its coroutine has been destroyed.
times cancel_ours(std::size_t threads, std::size_t n) {
  auto tally = std::make_shared<waiting_tally>();
  system on{{.threads = threads}};
  const run waits = on.start(waiting_flow(n, long_wait, tally));
  while (tally->waiting.load() < n) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  const double before = now_ns();
  waits.cancel();
  const outcome result = waits.get();
  const double after = now_ns();
  if (result.ok() || result.failure->code() != errc::cancelled) {
    throw error{errc::cancelled, "the run ended although it was cancelled"};
  }
  return {(tally->last_ended_ns.load() - before) * 1e-6,
          (after - before) * 1e-6};
}

double cancel_caf_ms(std::size_t threads, std::size_t n) {
  raw_waiting caf{threads, n, long_wait};
  caf.until_all_wait();
  const double before = now_ns();
  caf.cancel();
  caf.until_all_ended();
  return (now_ns() - before) * 1e-6;
}

}  // namespace

report cancel(const measuring& how, std::size_t n) {
  samples told;
  samples done;
  samples caf_done;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto [told_ms, done_ms] = cancel_ours(how.threads, n);
    told.add(told_ms);
    done.add(done_ms);
    caf_done.add(cancel_caf_ms(how.threads, n));
  }
  report found{"cancel"};
  found.set("n", n);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("ms_to_told", told);
  found.set("ms_to_done", done);
  found.set("caf_ms_to_done", caf_done);
  found.set("ratio", done.median() / caf_done.median());
  return found;
}

}  // namespace troupe::bench
