#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

namespace summarize {

/// A progress bar on one line of a terminal: bar, count, rate and time left.
///
/// Draws at most ten times a second and never wider than the terminal. Writes
/// nothing at all when made disabled, as for a pipe. The time is an argument,
/// so the bar has no clock of its own.
/// Thread safety: confined to one thread.
class progress_bar {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct options {
    std::size_t total = 0;  ///< how many items there are
    bool enabled = true;    ///< false: write nothing
    /// Width of the terminal in columns, asked before each drawing.
    std::function<std::size_t()> columns = [] { return std::size_t{80}; };
  };

  /// Starts at `now`. `out` must outlive the bar.
  progress_bar(std::ostream& out, options chosen, time_point now);

  /// Says that a model has given so many tokens; shown with the next update.
  void count_tokens(std::size_t tokens) { tokens_ = tokens; }

  /// Says that `done` items are finished, `failed` of them without success.
  void update(std::size_t done, std::size_t failed, time_point now);

  /// Draws the last state and ends the line. Later calls do nothing.
  void finish(time_point now);

 private:
  [[nodiscard]] std::string line(time_point now) const;
  void draw(time_point now);

  std::ostream& out_;
  options options_;
  time_point start_;
  time_point drawn_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t tokens_ = 0;
  bool finished_ = false;
};

/// Returns whether standard error is a terminal that can redraw a line.
[[nodiscard]] bool stderr_is_terminal();

/// Width of the terminal behind standard error; 80 where it cannot be told.
[[nodiscard]] std::size_t stderr_columns();

}  // namespace summarize
