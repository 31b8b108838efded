#pragma once

#include "leases/lease.hpp"
#include "leases/lease_order.hpp"

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The assignment of the work of one supervisor to the workers that have joined
/// it. It is told what happened, and says what to do; it has no threads, no
/// clock and no messages of its own.
///
/// Messages may be lost, come twice, late, or in another order. What keeps the
/// two sides together is that a worker says now and then what it holds: see
/// `lease_holder`, its other side.
///
/// - Work is given in the order of its ids to the worker with its label that
///   has the largest share of its capacity free. None has more than its
///   capacity, and one that was not heard of for half of `silence_max` gets
///   nothing new.
/// - Work whose worker is lost is given to another one in that order, too,
///   after `lost_pause`.
/// - A death is no more than a suspicion against what the worker held. What was
///   with `suspect_after` deaths goes to a worker by itself, which gets nothing
///   else meanwhile, and only deaths there count to `deaths_max`: so a work
///   that kills its workers fails alone. Where no worker is empty, one that has
///   least gets nothing new until it is.
/// - A result counts once, and only that of a lease which still stands.
/// - Nobody is given up for silence just after the supervisor's own process was
///   stopped, which shows as a gap between looks: what workers have said in
///   the meantime is yet to be read.
///
/// Thread safety: confined to one actor or task.
class lease_table {
 public:
  /// So long the work of a lost worker waits before it is given again. Workers
  /// are often lost together, with their machine; those are known by then, and
  /// it does not go from one of them to the next.
  static constexpr duration lost_pause = std::chrono::milliseconds{100};
  /// See above.
  static constexpr std::uint32_t suspect_after = 2;

  explicit lease_table(lease_options options = {}) : options_(options) {}

  // -- workers ---------------------------------------------------------------

  /// @pre `who` has never joined before
  void join(worker_id who, worker_offer offer, time_point now);
  /// Gives it nothing more.
  void drain(worker_id who);
  /// It is gone, and what it held is for others, soon.
  void lose(worker_id who, time_point now);
  /// It is parted with, which is no fault of its work: that is for others.
  void leave(worker_id who, time_point now);
  /// It lives, and gets work again if it was quiet.
  void notice(worker_id who, time_point now);
  /// It lives, but does nothing: it gets nothing new, and keeps what it has.
  void stay(worker_id who, time_point now);
  /// It lives, and holds these, of what was given until `as_of`: its words may
  /// have waited for others that are large.
  void hear(worker_id who, std::span<const lease> held, time_point now,
            time_point as_of);

  // -- work ------------------------------------------------------------------

  /// `bytes` is the size of its message. @pre there is no such work
  void add(work_id what, std::string label, time_point now,
           std::size_t bytes = 0);
  void cancel(work_id what, time_point now);
  /// So many bytes more are sent with a lease that is given.
  void send_along(worker_id with, lease which, std::size_t bytes);
  /// A worker says that it is done with a lease, and so that it lives. False:
  /// the result is for nobody, and must not be used: the lease stands no more,
  /// or `next` has not yet told to give it.
  [[nodiscard]] bool settle(worker_id who, lease which, time_point now);

  /// A worker has failed with a lease. True: another one has the work as well,
  /// and the result is what that one makes of it.
  [[nodiscard]] bool leave_to_other(worker_id who, lease which, time_point now);

  // -- time and orders -------------------------------------------------------

  /// Returns the time at which `advance` has something to do: at least eight
  /// times in `silence_max`.
  [[nodiscard]] time_point due() const;
  void advance(time_point now);
  /// The next thing to do; nothing if all is done.
  [[nodiscard]] std::optional<lease_order> next();

  // -- figures ---------------------------------------------------------------

  /// Work that is waiting or being done.
  [[nodiscard]] std::size_t unfinished() const noexcept { return all_.size(); }
  [[nodiscard]] std::size_t workers() const noexcept { return workers_.size(); }
  /// Work that is with nobody.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Returns whether a lease stands, and is the first one of those of its work:
  /// what a second worker shows of it would be shown twice.
  [[nodiscard]] bool is_first(worker_id who, lease which) const;
  [[nodiscard]] std::size_t holders(work_id what) const;
  /// Returns the number of leases that a worker holds, as far as is known here.
  [[nodiscard]] std::size_t held_by(worker_id who) const;
  [[nodiscard]] std::vector<work_id> work_of(worker_id who) const;

  /// Asserts that all that is kept twice agrees. For tests, after each call.
  void check() const;

 private:
  struct worker {
    worker_offer offer;
    /// The time at which it last spoke itself.
    time_point heard;
    /// The time at which anything was last heard of its process.
    time_point lived;
    std::set<work_id> held = {};
    /// Of what it may not have got yet.
    std::size_t bytes_under_way = 0;
    bool is_draining = false;
    /// It has one work, alone.
    bool is_taken = false;
  };
  /// A worker that a work is with.
  struct holding {
    worker_id by;
    std::uint32_t epoch;
    time_point since;
    std::size_t bytes = 0;
    /// True if `next` has told of it.
    bool is_sent = false;
    bool has_arrived = false;
    /// Nothing else goes to that worker meanwhile.
    bool is_alone = false;
  };
  /// The queue of a work that no worker has, or `none`.
  enum class queue_kind : std::uint8_t { none, waiting, suspects, paused };
  struct work {
    std::string label;
    std::size_t bytes = 0;
    queue_kind in = queue_kind::none;
    std::uint32_t epoch = 0;
    /// Of any worker that held it, among others perhaps.
    std::uint32_t deaths = 0;
    lone_losses losses = {};
    std::vector<holding> with = {};
    bool has_failed = false;  // with one of two workers
    /// The end of its pause, while it is paused.
    time_point paused_until = {};
  };

  using queues = std::map<std::string, std::set<work_id>>;

  [[nodiscard]] duration look_every() const noexcept {
    return options_.silence_max / 8;
  }
  void dismiss_silent(time_point now);
  void assign(time_point now);
  void assign_suspects(time_point now);
  void assign_twice(time_point now);
  /// Moves a work from the queue that it is in to another one, which is the
  /// only way in and out of them.
  void move(work_id what, work& of, queue_kind to);
  /// With `take_from` the only way to and from a worker.
  void give(work_id what, work& of, worker_id to, time_point now);
  void take_from(work_id what, work& of, worker_id from);
  /// Counts a loss against the work that was lost with it.
  enum class loss : std::uint8_t { parted, gone, silent };
  void remove(std::map<worker_id, worker>::iterator who, time_point until,
              loss how);
  static void count(work& lost, loss how, bool was_alone);
  [[nodiscard]] static bool is_suspect(const work& of) noexcept {
    return of.deaths >= suspect_after;
  }
  void put_back(work_id what, work& of);
  void end_pauses(time_point now);
  [[nodiscard]] std::map<worker_id, worker>::iterator freest(
      const std::string& label, const work& what, time_point now);
  /// True if it may get something new, for all that is known of it.
  [[nodiscard]] bool serves(const worker& one, const std::string& label,
                            time_point now) const;
  [[nodiscard]] bool is_quiet(const worker& one, time_point now) const;
  void order(lease_order::kind what, worker_id to, lease which = {});
  void check_workers(std::size_t holdings) const;

  const lease_options options_;
  std::map<worker_id, worker> workers_;
  std::unordered_map<work_id, work> all_;
  /// By label, in order; none is empty.
  queues waiting_;
  /// The same of what goes to a worker by itself.
  queues suspects_;
  /// They get nothing new until they are empty.
  std::set<worker_id> reserved_;
  /// The work of lost workers, until it may be given again.
  std::set<std::pair<time_point, work_id>> paused_;
  /// The work that runs alone on a worker, the longest first.
  std::set<std::pair<time_point, work_id>> alone_;
  /// The time at which it last looked at the clock.
  time_point looked_{};
  /// Nobody is given up for silence before then.
  time_point misses_from_{};
  /// Not before then is a second worker looked for again.
  time_point twice_look_ = time_point::min();
  std::deque<lease_order> orders_;
};

}  // namespace troupe::detail
