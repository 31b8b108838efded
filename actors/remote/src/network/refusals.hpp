#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace troupe::remote {

/// The notices about peers that TLS rejected, with the reasons. Strangers
/// decide their text, so the same line is passed on at most once a minute, and
/// a bounded number of different ones.
///
/// Thread safety: internally synchronised.
class refusals {
 public:
  using notice = std::function<void(const std::string&)>;
  static constexpr std::size_t lines_max = 64;
  static constexpr duration same_line_pause = std::chrono::minutes{1};

  /// Sets the receiver of the notices; null for none. When it returns, no
  /// earlier receiver is being called. `notice` must not block.
  void tell(notice whom);
  void add(const std::string& line, time_point now);

 private:
  std::mutex mutex_;
  notice notice_;
  std::map<std::string, time_point> told_;
};

}  // namespace troupe::remote
