#include "models/model_calls.hpp"

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace troupe::bench {

std::chrono::nanoseconds model_calls::start_of(std::size_t n) const {
  if (n >= concurrency) return {};
  return std::chrono::nanoseconds{latency} * static_cast<std::int64_t>(n) /
         static_cast<std::int64_t>(concurrency);
}

double held_ns(std::string_view text) {
  std::int64_t found = 0;
  const auto read =
      std::from_chars(text.data(), text.data() + text.size(), found);
  if (read.ec != std::errc{}) {
    throw std::runtime_error{"the model server said something else: " +
                             std::string{text}};
  }
  return static_cast<double>(found);
}

std::string model_prompt() {
  return "Say in a few words what an actor is, what a flow of nodes is, and "
         "why a program that waits for ten thousand answers at once needs no "
         "ten thousand threads for it.";
}

}  // namespace troupe::bench
