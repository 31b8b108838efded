// A worker whose way to its supervisor is slow, and keeps the order of what is
// sent: beats wait behind results.

#include "leases/lease_holder.hpp"
#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::duration;
using troupe::time_point;
using troupe_test::checked;

namespace {

constexpr worker_id slow_worker{1};
constexpr std::size_t at_once = 16;

/// Work takes no time, and each result so long on its way.
class slow_way {
 public:
  explicit slow_way(duration per_result) : per_result_(per_result) {}

  /// Until all is done, or an hour has passed.
  void run(std::uint64_t works) {
    table_->advance(now_);
    table_->join(slow_worker, {.capacity = at_once}, now_);
    for (std::uint64_t i = 0; i < works; ++i) {
      table_->add(work_id{i}, "", now_);
    }
    beat();
    carry_out();
    while (table_->unfinished() > 0 && now_ < time_point{1h}) {
      now_ = std::min(coming_.begin()->first, table_->due());
      if (table_->due() <= now_) {
        table_->advance(now_);
      } else {
        coming_.extract(coming_.begin()).mapped()();
      }
      carry_out();
    }
  }

  std::uint64_t given = 0;
  std::uint64_t used = 0;
  std::uint64_t dismissed = 0;

 private:
  void tell(duration takes, std::function<void()> arrive) {
    busy_until_ = std::max(busy_until_, now_) + takes;
    coming_.emplace(busy_until_, std::move(arrive));
  }

  void beat() {
    tell(0s, [this, held = holder_->held(), as_of = pulse_] {
      table_->hear(slow_worker, held, now_, as_of);
      pulse_ = now_;
    });
    coming_.emplace(now_ + 500ms, [this] { beat(); });
  }

  void carry_out() {
    while (const auto order = table_->next()) {
      const auto which = order->lease;
      if (order->what == lease_order::kind::dismiss) ++dismissed;
      if (order->what != lease_order::kind::give) continue;
      ++given;
      if (!holder_->take(which) || !holder_->finish(which)) continue;
      tell(per_result_, [this, which] {
        used += table_->settle(slow_worker, which, now_) ? 1 : 0;
        holder_->acknowledge(which);
      });
    }
  }

  duration per_result_;
  time_point now_{0s};
  time_point busy_until_{0s};
  time_point pulse_{0s};
  std::multimap<time_point, std::function<void()>> coming_;
  checked<lease_table> table_{{.silence_max = 2s, .arrival_max = 1s}};
  checked<lease_holder> holder_{at_once};
};

}  // namespace

TEST_CASE("Work whose result is on a slow way is not given again",
          "[lease_table]") {
  // Sixteen of them are up to 16 s on their way.
  const auto per_result = GENERATE(as<duration>{}, 1ms, 100ms, 200ms, 1s);
  slow_way way{per_result};
  way.run(200);
  CHECK(way.used == 200);
  CHECK(way.given == 200);
  CHECK(way.dismissed == 0);
}
