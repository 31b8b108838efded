#pragma once

// The cases of troupe_bench, one source file each. Every case measures Troupe
// and raw CAF by turns, `repetitions` times, and reports medians.

#include "measure.hpp"

#include <troupe/system.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::bench {

/// The parameters that all cases get.
struct measuring {
  std::size_t threads = 2;
  std::size_t repetitions = 5;
  /// Raw CAF does its work in actors of 1.2 to 1.6 KB, so the crowds of it are
  /// kept smaller than ours. Its figures are per actor.
  std::size_t caf_max = 100'000;
};

/// One run of two nodes that read and write a counter.
report hop(const measuring& how, turns mode, std::int64_t steps);
/// Many such runs at once, on one thread and on `how.threads`.
report runs(const measuring& how, std::size_t count, std::int64_t steps);
/// A batch of `n` sub-flows of three nodes, all at once.
report fanout(const measuring& how, std::size_t n);
/// A batch of `n` sub-flows that all wait for a timer at once.
report waiting(const measuring& how, std::size_t n, std::int64_t wait_ms);
/// Runs of three trivial nodes, or of a batch of `fanout` sub-flows where that
/// is not zero, one after the other, each awaited by the thread that started
/// it.
report short_runs(const measuring& how, std::size_t runs, std::size_t fanout);
/// Steps beside so many bytes of other state.
report state_size(const measuring& how, std::size_t bytes, std::int64_t steps);
/// Steps in a graph of so many nodes.
report graph_size(const measuring& how, std::size_t nodes, std::int64_t steps);
/// The end of `n` sub-flows that wait.
report cancel(const measuring& how, std::size_t n);
/// Two waits of 50 ms, one after the other, beside one of 200 ms.
report barrier(const measuring& how);

/// Calls of a model over HTTP, beside a bare loop that makes the same calls.
struct llm_options {
  std::size_t calls = 30'000;
  std::size_t concurrency = 10'000;
  /// To the first token, as the server's are the other figures too.
  std::int64_t latency_ms = 5000;
  std::size_t tokens = 16;
  std::int64_t token_ms = 20;
  bool stream = false;
};
report llm(const measuring& how, const llm_options& given);

/// Calls of a server that takes no more than `rate` within a second.
struct limit_options {
  std::size_t calls = 3000;
  double rate = 100;
};
report limit(const measuring& how, const limit_options& given);

/// Work that is placed on workers, each a process of this machine.
struct remote_options {
  std::size_t workers = 3;
  bool tls = false;

  // -- of steps --------------------------------------------------------------

  std::size_t steps = 100'000;
  /// Bytes that go out and come back with each.
  std::size_t payload = 100;
  /// Steps in flight.
  std::size_t window = 100;

  // -- of a batch ------------------------------------------------------------

  std::size_t n = 100'000;
  std::size_t concurrency = 1000;
};
/// Placed steps, beside requests of raw CAF to as many processes.
report remote_steps(const measuring& how, const remote_options& given);
/// A batch of placed sub-flows, beside the same batch at home.
report remote_batch(const measuring& how, const remote_options& given);

}  // namespace troupe::bench
