#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::bench {

/// Nanoseconds of a clock that never goes back.
[[nodiscard]] double now_ns();
/// Seconds of processor time that this process has used.
[[nodiscard]] double cpu_s();

/// Bytes of memory that this process holds.
[[nodiscard]] std::size_t rss_bytes();
/// Gives what is free back to the operating system, then as `rss_bytes`.
[[nodiscard]] std::size_t trimmed_rss_bytes();
/// The most that this process held since the last call of `forget_peak`.
[[nodiscard]] std::size_t peak_rss_bytes();
void forget_peak();
/// The threads that this process has.
[[nodiscard]] std::size_t threads_now();

/// One figure, measured several times.
class samples {
 public:
  void add(double figure) { figures_.push_back(figure); }
  /// @pre something was added
  [[nodiscard]] double median() const;
  [[nodiscard]] double least() const;
  [[nodiscard]] double most() const;

 private:
  std::vector<double> figures_;
};

/// The result of a case: names and figures, in the order they were set.
class report {
 public:
  explicit report(const std::string& name) { set("case", name); }

  void set(const std::string& key, nlohmann::ordered_json figure) {
    figures_[key] = std::move(figure);
  }
  /// The median under `key`; where least and most differ by more than a tenth
  /// of it, these too, as `key_least` and `key_most`.
  void set(const std::string& key, const samples& figures);
  /// One line of JSON, or a line for each figure.
  void print(bool as_json) const;

 private:
  nlohmann::ordered_json figures_;
};

}  // namespace troupe::bench
