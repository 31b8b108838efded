#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// Calls of a model, `concurrency` of them at once.
struct model_calls {
  /// Returns the earliest time at which call number `n` begins, counted from
  /// the start. The first ones are spread evenly over a latency, so that from
  /// then on as many begin as end, and no call waits for a crowd of others.
  [[nodiscard]] std::chrono::nanoseconds start_of(std::size_t n) const;

  /// "http://127.0.0.1:8000/v1".
  std::string base_url;
  std::size_t count = 0;
  std::size_t concurrency = 0;
  /// The time that the server takes to the first token.
  std::chrono::milliseconds latency{};
  bool is_streamed = false;
};

/// The figures of the calls.
struct model_call_figures {
  double wall_s = 0;
  double cpu_s = 0;
  /// Of each call: from its begin to its first token, or its whole reply where
  /// it is not streamed, without the time in which the server held it.
  std::vector<double> first_token_ns;
};

/// Returns the time that `model_server` reports in its first token.
[[nodiscard]] double held_ns(std::string_view text);

/// Returns the prompt of all calls.
[[nodiscard]] std::string model_prompt();

/// Makes the calls with libcurl's multi interface and epoll on this thread, and
/// little else: what a program without a runtime would do.
[[nodiscard]] model_call_figures make_bare_calls(const model_calls& which);

}  // namespace troupe::bench
