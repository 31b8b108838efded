#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {
struct event;
}

namespace troupe::detail {

/// The log of a system: passes lines on to `system_options::log`, each safe for
/// a terminal and cut, and a bounded number of them within ten seconds.
///
/// Thread safety: internally synchronised. The function is called without a
/// lock, on the thread that has something to say.
class system_log {
 public:
  using sink = std::function<void(const std::string&)>;
  static constexpr std::size_t line_bytes = 1000;
  static constexpr std::size_t lines_max = 100;
  static constexpr duration window = std::chrono::seconds{10};

  explicit system_log(sink to) : sink_(std::move(to)) {}

  /// Whatever the function throws goes to standard error.
  void add(std::string_view line, time_point now) noexcept;
  /// The line of a warning: run, node and text.
  void add(const event& warning, time_point now) noexcept;
  /// The exception that is being handled, of a function given as `option` for
  /// the run `id`.
  void add_thrown(std::string_view option, std::string_view id,
                  time_point now) noexcept;

 private:
  /// Returns what is to be said before a line, or nothing if there is to be no
  /// line.
  [[nodiscard]] std::optional<std::string> admit(time_point now);

  const sink sink_;
  std::mutex mutex_;
  std::optional<time_point> since_;
  std::size_t told_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace troupe::detail
