#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace troupe::remote {

/// Tells of the peers that TLS kept out: who, and why. Strangers decide what
/// there is to tell, so a line is told at most once a minute, and so many
/// different ones.
///
/// Thread safety: internally synchronised.
class refusals {
 public:
  using notice = std::function<void(const std::string&)>;
  static constexpr std::size_t lines_max = 64;
  static constexpr duration same_line_pause = std::chrono::minutes{1};

  /// From now on `notice` hears of them; null: nobody. When it returns, no
  /// other one is being called. It must not block.
  void tell(notice whom);
  void add(const std::string& line, time_point now);

 private:
  std::mutex mutex_;
  notice notice_;
  std::map<std::string, time_point> told_;
};

}  // namespace troupe::remote
