// Work that was with workers that died goes to a worker by itself.

#include "leases/lease_table.hpp"
#include "support/catch.hpp"
#include "support/checked.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe::detail;
using troupe::time_point;
using troupe_test::checked;

namespace {

/// Workers that die of one piece of work, and are started again.
class sick_cluster {
 public:
  sick_cluster(std::uint64_t works, std::set<std::uint64_t> poison,
               lease_options options = {})
      : poison_(std::move(poison)), table_(options) {
    table_->advance(now_);
    for (std::uint64_t i = 1; i <= works; ++i) {
      table_->add(work_id{i}, "", now_);
    }
  }

  void start_worker(std::size_t width) {
    const worker_id who{++last_worker_};
    workers_[who] = {width, {}};
    table_->join(who, {.capacity = width}, now_);
    carry_out();
  }

  /// A poison that has begun kills its worker before anything else is done.
  void run() {
    for (int round = 0; round < 1000 && table_->unfinished() > 0; ++round) {
      now_ += 200ms;
      for (const auto& [who, each] : workers_) table_->notice(who, now_);
      table_->advance(now_);
      carry_out();
      const auto victim =
          std::find_if(workers_.begin(), workers_.end(), [&](const auto& each) {
            return std::any_of(
                each.second.held.begin(), each.second.held.end(),
                [&](const lease& one) { return is_poison(one.work); });
          });
      if (victim != workers_.end()) {
        kill(victim->first);
      } else {
        finish_one();
      }
    }
  }

  [[nodiscard]] const std::vector<std::uint64_t>& failed() const {
    return failed_;
  }
  [[nodiscard]] const std::set<std::uint64_t>& done() const { return done_; }
  [[nodiscard]] int deaths() const { return deaths_; }
  [[nodiscard]] std::size_t most_beside_a_poison() const { return beside_; }
  [[nodiscard]] lone_losses losses() const { return losses_; }

 private:
  struct worker {
    std::size_t capacity;
    std::set<lease> held;
  };

  [[nodiscard]] bool is_poison(work_id which) const {
    return poison_.contains(static_cast<std::uint64_t>(which));
  }

  void kill(worker_id who) {
    const auto gone = workers_.at(who);
    ++deaths_;
    // Later than by what made them suspects.
    if (deaths_ > 4) beside_ = std::max(beside_, gone.held.size() - 1);
    workers_.erase(who);
    table_->lose(who, now_);
    start_worker(gone.capacity);
  }

  void finish_one() {
    for (auto& [who, each] : workers_) {
      if (each.held.empty()) continue;
      const lease which = *each.held.begin();
      each.held.erase(which);
      REQUIRE(table_->settle(who, which, now_));
      done_.insert(static_cast<std::uint64_t>(which.work));
      carry_out();
      return;
    }
  }

  void carry_out() {
    while (const auto order = table_->next()) {
      const auto to = workers_.find(order->worker);
      if (order->what == lease_order::kind::give) {
        REQUIRE(to != workers_.end());
        to->second.held.insert(order->lease);
        CHECK(to->second.held.size() <= to->second.capacity);
      } else if (order->what == lease_order::kind::fail) {
        failed_.push_back(static_cast<std::uint64_t>(order->lease.work));
        losses_ = order->losses;
      }
    }
  }

  const std::set<std::uint64_t> poison_;
  time_point now_{1h};
  checked<lease_table> table_;
  std::map<worker_id, worker> workers_;
  std::uint64_t last_worker_ = 0;
  std::vector<std::uint64_t> failed_;
  std::set<std::uint64_t> done_;
  lone_losses losses_;
  int deaths_ = 0;
  std::size_t beside_ = 0;
};

}  // namespace

TEST_CASE("Only the work fails that workers die of", "[lease_table]") {
  const std::size_t workers = GENERATE(1U, 2U, 3U);
  const std::size_t capacity = GENERATE(1U, 4U, 16U);
  sick_cluster all{24, {7}};
  for (std::size_t i = 0; i < workers; ++i) all.start_worker(capacity);
  all.run();
  CHECK(all.failed() == std::vector<std::uint64_t>{7});
  CHECK(all.done().size() == 23);
  CHECK(all.most_beside_a_poison() == 0);
  CHECK(all.losses() == lone_losses{.gone = 10});
  // Those in which it was not alone, and those that count.
  CHECK(all.deaths() <= 12);
}

TEST_CASE("Several works that workers die of fail one by one",
          "[lease_table]") {
  sick_cluster all{24, {2, 3, 20}, {.deaths_max = 3}};
  all.start_worker(8);
  all.start_worker(8);
  all.run();
  CHECK(std::set<std::uint64_t>(all.failed().begin(), all.failed().end()) ==
        std::set<std::uint64_t>{2, 3, 20});
  CHECK(all.done().size() == 21);
}

TEST_CASE("One death alone is enough where no more are allowed",
          "[lease_table]") {
  sick_cluster all{8, {1}, {.deaths_max = 1}};
  all.start_worker(8);
  all.run();
  CHECK(all.failed() == std::vector<std::uint64_t>{1});
  CHECK(all.done().size() == 7);
  CHECK(all.deaths() == 3);
}

TEST_CASE("What is suspected waits for a worker to be empty, and gets it",
          "[lease_table]") {
  constexpr time_point opened{1h};
  constexpr worker_id busy{1};
  checked<lease_table> table;
  const auto given = [&] {
    std::vector<work_id> all;
    while (const auto order = table->next()) {
      CHECK(order->what == lease_order::kind::give);
      all.push_back(order->lease.work);
    }
    return all;
  };
  table->advance(opened);
  // Two deaths of the first work, which was not alone.
  auto now = opened;
  table->add(work_id{1}, "", now);
  table->add(work_id{2}, "", now);
  for (std::uint64_t i = 8; i <= 9; ++i) {
    table->join(worker_id{i}, {.capacity = 2}, now);
    CHECK(given() == std::vector{work_id{1}, work_id{2}});
    table->lose(worker_id{i}, now);
    now += lease_table::lost_pause;
    if (i == 8) table->advance(now);
  }
  // The only worker has got something else meanwhile.
  table->join(busy, {.capacity = 4}, now - 1ms);
  table->add(work_id{3}, "", now - 1ms);
  CHECK(given() == std::vector{work_id{3}});
  table->advance(now);
  table->add(work_id{4}, "", now);
  CHECK(given().empty());
  CHECK(table->waiting() == 3);
  CHECK(table->settle(busy, {work_id{3}, 1}, now));
  CHECK(given() == std::vector{work_id{1}});
  CHECK(table->settle(busy, {work_id{1}, 3}, now));
  CHECK(given() == std::vector{work_id{2}});
  table->cancel(work_id{2}, now);
  const auto back = table->next();
  CHECK(back->what == lease_order::kind::take_back);
  CHECK(given() == std::vector{work_id{4}});
}

TEST_CASE("What a silent worker held alone is told as such", "[lease_table]") {
  constexpr time_point opened{1h};
  checked<lease_table> table{{.silence_max = 2s, .deaths_max = 1}};
  table->advance(opened);
  table->join(worker_id{1}, {}, opened);
  table->add(work_id{1}, "", opened);
  for (auto now = opened; now <= opened + 3s; now += 250ms) table->advance(now);
  std::vector<lease_order> told;
  while (const auto order = table->next()) told.push_back(*order);
  REQUIRE(told.size() == 3);
  CHECK(told[2].what == lease_order::kind::fail);
  CHECK(told[2].losses == lone_losses{.silent = 1});
}

TEST_CASE("A worker that only lives keeps what it has, and gets nothing new",
          "[lease_table]") {
  constexpr time_point opened{1h};
  constexpr worker_id busy{1};
  checked<lease_table> table{{.silence_max = 2s}};
  table->advance(opened);
  table->join(busy, {.capacity = 2}, opened);
  table->add(work_id{1}, "", opened);
  REQUIRE(table->next().has_value());
  auto now = opened;
  for (; now < opened + 60s; now += 250ms) {
    table->stay(busy, now);
    table->advance(now);
  }
  table->add(work_id{2}, "", now);
  CHECK_FALSE(table->next());
  CHECK(table->work_of(busy) == std::vector{work_id{1}});
  CHECK(table->settle(busy, {work_id{1}, 1}, now));
  CHECK(table->next()->lease.work == work_id{2});
  // Its process has gone quiet as well.
  for (const auto until = now + 3s; now < until; now += 250ms) {
    table->advance(now);
  }
  CHECK(table->next()->what == lease_order::kind::dismiss);
}
