// A supervisor and its workers on a network that loses, repeats, delays and
// reorders messages, with workers that die, freeze, are cut off and leave, in
// virtual time.

#include "leases/lease_holder.hpp"
#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <rapidcheck.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using std::chrono::milliseconds;
using troupe::time_point;
using troupe_test::checked;
using order_kind = lease_order::kind;

namespace {

constexpr std::size_t capacity = 4;
constexpr auto beat = 300ms;

struct process {
  explicit process(worker_id name) : id(name) {}

  worker_id id;
  checked<lease_holder> holds{capacity};
  bool is_dead = false;
  bool is_leaving = false;
  /// The time of the last sign of life of the supervisor.
  time_point pulse{0s};
  /// Nothing is done or received before then.
  time_point frozen_until = time_point::min();
  /// Nothing is sent or received before then.
  time_point cut_until = time_point::min();

  [[nodiscard]] bool is_there() const {
    return !is_dead && frozen_until != time_point::max();
  }
};

using process_ptr = std::shared_ptr<process>;

class world {
 public:
  explicit world(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) start_worker();
  }

  void run(std::uint64_t works) {
    for (std::uint64_t i = 0; i < works; ++i) {
      // Some are so large that few of them may be under way.
      const std::size_t bytes = i % 3 * 40;
      after(upto(4000ms),
            [this, i, bytes] { table_.add(work_id{i}, "", now_, bytes); });
    }
    for (int i = 0; i < 12; ++i) after(upto(8000ms), [this] { disturb(); });
    after(10s, [this] { is_quiet_ = true; });
    look();
    while (!events_.empty() && now_ < time_point{10min}) {
      const auto first = events_.begin();
      const auto happen = std::move(first->second);
      now_ = first->first;
      events_.erase(first);
      happen();
      carry_out();
      if (is_quiet_ && is_settled()) return;
    }
  }

  /// Returns the number of times that the result of each work was used.
  [[nodiscard]] const std::map<work_id, int>& used() const { return used_; }
  [[nodiscard]] std::size_t unfinished() const { return table_.unfinished(); }
  [[nodiscard]] bool is_settled() const {
    if (table_.unfinished() > 0) return false;
    for (const auto& [id, each] : workers_) {
      if (each->is_there() && !each->holds->empty()) return false;
    }
    return true;
  }

 private:
  bool chance(int percent) {
    return std::uniform_int_distribution<int>{0, 99}(random_) < percent;
  }
  milliseconds upto(milliseconds most) {
    return milliseconds{
        std::uniform_int_distribution<std::int64_t>{0, most.count()}(random_)};
  }
  void after(milliseconds wait, std::function<void()> happen) {
    events_.emplace(now_ + wait, std::move(happen));
  }

  // -- the network -----------------------------------------------------------

  bool is_lost(const process& by) {
    return now_ < by.cut_until || (!is_quiet_ && chance(10));
  }
  milliseconds delay() { return upto(is_quiet_ || chance(90) ? 5ms : 1500ms); }

  /// To the worker, once or twice, or not at all.
  void send(const process_ptr& to, std::function<void(process&)> message) {
    const int copies = !is_quiet_ && chance(10) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (!is_lost(*to)) after(delay(), [=, this] { arrive(to, message); });
    }
  }
  void arrive(const process_ptr& at,
              const std::function<void(process&)>& message) {
    if (at->is_dead) return;
    if (now_ < at->frozen_until) {
      events_.emplace(at->frozen_until, [=, this] { arrive(at, message); });
    } else {
      message(*at);
    }
  }
  /// To the supervisor.
  void tell(const process_ptr& from, std::function<void()> message) {
    const int copies = !is_quiet_ && chance(10) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (!is_lost(*from)) {
        after(delay(), [this, message] { when_awake(message); });
      }
    }
  }

  // -- the supervisor --------------------------------------------------------

  /// The supervisor's process may be stopped; then all comes after that.
  void when_awake(const std::function<void()>& happen) {
    if (now_ >= stopped_until_) return happen();
    events_.emplace(stopped_until_, happen);
  }

  void look() {
    table_.advance(now_);
    next_look_ = time_point::max();
    look_when_due();
  }
  void look_when_due() {
    const auto due = table_.due();
    if (due >= next_look_) return;
    next_look_ = due;
    events_.emplace(due, [this, due] {
      when_awake([this, due] {
        if (due == next_look_) look();
      });
    });
  }

  void carry_out() {
    table_.check();
    while (const auto order = table_.next()) {
      RC_ASSERT(order->what != order_kind::fail);
      const auto to = workers_.at(order->worker);
      const lease which = order->lease;
      RC_ASSERT(table_.held_by(order->worker) <= capacity);
      if (order->what == order_kind::give) {
        stands_.erase({order->worker, {which.work, which.epoch - 1}});
        stands_.insert({order->worker, which});
        send(to, [this, to, which](process& at) {
          if (at.holds->take(which)) begin(to, which);
        });
      } else if (order->what == order_kind::take_back) {
        stands_.erase({order->worker, which});
        send(to, [which](process& at) {
          static_cast<void>(at.holds->drop(which));
        });
      } else {
        forget(order->worker);
        send(to, [this](process& at) { restart(at); });
      }
    }
    look_when_due();
  }

  void take_result(const process_ptr& from, worker_id as, lease which) {
    const bool stood = stands_.erase({as, which}) > 0;
    const bool counts = table_.settle(as, which, now_);
    if (counts) RC_ASSERT(stood);
    if (counts) ++used_[which.work];
    send(from, [which](process& at) { at.holds->acknowledge(which); });
  }

  void lose(worker_id who) {
    forget(who);
    table_.lose(who, now_);
  }
  void forget(worker_id who) {
    std::erase_if(stands_, [&](const auto& each) { return each.first == who; });
  }

  // -- workers ---------------------------------------------------------------

  process_ptr start_worker() {
    auto made = std::make_shared<process>(worker_id{next_worker_++});
    workers_[made->id] = made;
    table_.join(made->id, {.capacity = capacity}, now_);
    after(upto(beat), [this, made] { say_what_it_holds(made); });
    return made;
  }

  void begin(const process_ptr& at, lease which) {
    RC_ASSERT(at->holds->running() <= capacity);
    after(upto(400ms), [this, at, which] {
      arrive(at, [this, at, which](process& one) {
        if (one.holds->finish(which)) send_result(at, which);
      });
    });
  }

  void send_result(const process_ptr& from, lease which) {
    const auto as = from->id;
    tell(from, [this, from, as, which] { take_result(from, as, which); });
  }

  void say_what_it_holds(const process_ptr& at) {
    if (at->is_dead) return;
    if (now_ >= at->frozen_until) {
      const auto as = at->id;
      tell(at, [this, as, held = at->holds->held(), as_of = at->pulse] {
        table_.hear(as, held, now_, as_of);
        send(workers_.at(as),
             [at = now_](process& to) { to.pulse = std::max(to.pulse, at); });
      });
      for (const auto& each : at->holds->unacknowledged()) {
        send_result(at, each);
      }
      if (at->is_leaving && at->holds->empty()) {
        at->is_dead = true;
        after(1ms, [this, as] { lose(as); });
        return;
      }
    }
    after(beat, [this, at] { say_what_it_holds(at); });
  }

  // One that was dismissed drops all it has, and joins again as another.
  void restart(process& at) {
    const auto again = workers_.at(at.id);
    if (again->is_dead) return;
    at.is_dead = true;
    start_worker();
  }

  void disturb() {
    std::vector<process_ptr> alive;
    for (const auto& [id, each] : workers_) {
      if (each->is_there() && !each->is_leaving) alive.push_back(each);
    }
    if (alive.empty()) return;
    const auto which = std::uniform_int_distribution<std::size_t>{
        0, alive.size() - 1}(random_);
    const auto& victim = alive[which];
    const auto as = victim->id;
    switch (std::uniform_int_distribution<int>{0, 6}(random_)) {
      case 0:
        victim->is_dead = true;
        after(upto(20ms), [this, as] { when_awake([this, as] { lose(as); }); });
        after(upto(1000ms), [this] { start_worker(); });
        break;
      case 1:
        victim->frozen_until = now_ + upto(4000ms);
        break;
      case 5:
        victim->frozen_until = time_point::max();
        after(upto(1000ms), [this] { start_worker(); });
        break;
      case 6:
        stopped_until_ = now_ + upto(4000ms);
        break;
      case 2:
        victim->cut_until = now_ + upto(4000ms);
        break;
      case 3:
        start_worker();
        break;
      default:
        if (alive.size() == 1) break;
        victim->is_leaving = true;
        table_.drain(as);
    }
  }

  std::mt19937_64 random_;
  time_point now_{0s};
  time_point stopped_until_{0s};
  time_point next_look_ = time_point::max();
  bool is_quiet_ = false;
  std::multimap<time_point, std::function<void()>> events_;
  lease_table table_{
      {.bytes_under_way_max = 100, .twice_after = 3s, .deaths_max = 100}};
  std::map<worker_id, process_ptr> workers_;
  std::uint64_t next_worker_ = 1;
  std::map<work_id, int> used_;
  /// The leases that were given and neither settled nor taken back.
  std::set<std::pair<worker_id, lease>> stands_;
};

}  // namespace

TEST_CASE("Whatever the network and the workers do, each result counts once",
          "[lease_simulation]") {
  CHECK(rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    constexpr std::uint64_t works = 60;
    world all{seed};
    all.run(works);
    RC_ASSERT(all.unfinished() == 0U);
    RC_ASSERT(all.is_settled());
    RC_ASSERT(all.used().size() == works);
    for (const auto& [work, count] : all.used()) RC_ASSERT(count == 1);
  }));
}
