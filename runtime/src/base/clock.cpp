#include "troupe/clock.hpp"

namespace troupe {

namespace {

class machine_clocks final : public clock {
 public:
  time_point now() const noexcept override {
    return std::chrono::steady_clock::now();
  }
  wall_time wall_now() const noexcept override {
    return std::chrono::system_clock::now();
  }
};

}  // namespace

const clock& clock::steady() noexcept {
  static const machine_clocks source;
  return source;
}

}  // namespace troupe
