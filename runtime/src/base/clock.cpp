#include "troupe/clock.hpp"

namespace troupe {

namespace {

class steady_clock_source final : public clock {
 public:
  time_point now() const noexcept override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

const clock& clock::steady() noexcept {
  static const steady_clock_source source;
  return source;
}

}  // namespace troupe
