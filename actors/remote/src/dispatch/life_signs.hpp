#pragma once

#include "caf/caf_version.hpp"

#include <troupe/clock.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace troupe::remote {

/// Says that a worker lives while all threads of its process are in user code,
/// which keeps its link from saying so. On a thread of its own; a process that
/// is frozen says nothing.
///
/// Thread safety: internally synchronised.
class life_signs {
 public:
  /// `every` is how often the link speaks for itself.
  explicit life_signs(duration every);
  life_signs(const life_signs&) = delete;
  life_signs& operator=(const life_signs&) = delete;
  /// Calls `end`.
  ~life_signs();

  /// The link has just spoken, as `self` to `supervisor`. From then on this
  /// speaks for it, if it is late.
  void on_beat(const caf::actor& self, const caf::actor& supervisor,
               time_point now, duration every);
  /// There is nobody to be told any more.
  void stop_telling() noexcept;
  /// Waits for the end of the thread, which must not be the one that ends the
  /// link. Nothing is said after it.
  void end() noexcept;

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  caf::actor self_;
  caf::actor supervisor_;
  time_point last_{};
  duration every_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace troupe::remote
