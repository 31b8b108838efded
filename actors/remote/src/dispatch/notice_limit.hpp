#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace troupe::remote {

/// A filter for the lines of a `notice` option. Other processes decide the text
/// and the number of many of them: each line is made safe for a terminal and
/// cut, and within a minute one line is passed on a few times only, and a
/// bounded number of lines in all.
///
/// Thread safety: internally synchronised.
class notice_limit {
 public:
  using notice = std::function<void(const std::string&)>;
  static constexpr std::size_t line_bytes = 2000;
  static constexpr std::size_t lines_max = 2000;
  static constexpr std::size_t same_line_max = 10;
  static constexpr duration window = std::chrono::minutes{1};

  explicit notice_limit(notice whom) : notice_(std::move(whom)) {}
  void add(const std::string& line, time_point now);

 private:
  const notice notice_;
  std::mutex mutex_;
  time_point since_{};
  std::size_t told_ = 0;
  bool is_muted_ = false;
  std::map<std::string, std::size_t> same_;
};

/// Returns `whom`, behind a limit of its own. Null becomes a function that does
/// nothing.
[[nodiscard]] notice_limit::notice within_limit(notice_limit::notice whom);

}  // namespace troupe::remote
