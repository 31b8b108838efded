#pragma once

// For tests of flows: time that moves on demand, one thread, and nodes that
// fail, wait and die as written down.

#include <troupe/context.hpp>
#include <troupe/system.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::testing {

/// A deterministic system that runs only when the test says so. All its actors,
/// timers and blocking calls run on the test's thread, in the same order each
/// time, and its clock is virtual, so a day of waiting takes no time:
///
///     troupe::testing::simulation sim;
///     auto run = sim.start(nightly_report);
///     auto result = sim.finish(run);          // jumps from timer to timer
///     CHECK(sim.now() - start == 24h);
///
/// Do not call `run::get` on a run that is not done: nothing would complete it.
/// A CAF actor that a node asks runs on the test's thread as well if it was
/// spawned with `caf::lazy_init`. An actor that is busy on a thread of its own
/// may exceed the time limit of the request: virtual time does not wait for it.
///
/// The destructor cancels the runs that it started and that are left.
///
/// Thread safety: confined to one thread.
class simulation {
 public:
  /// Errors: as those of `troupe::system`.
  simulation() : simulation(system_options{}) {}
  explicit simulation(system_options options);
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  [[nodiscard]] troupe::system& system() noexcept { return system_; }
  /// The virtual time.
  [[nodiscard]] time_point now() const noexcept;
  /// Supervisors and node actors that exist.
  [[nodiscard]] std::size_t live_actors() const noexcept;

  /// As `system::start`. Nothing of the run happens before the next call that
  /// moves the system on.
  run start(const flow& work) { return start(work, state{}, run_options{}); }
  run start(const flow& work, state initial) {
    return start(work, std::move(initial), run_options{});
  }
  run start(const flow& work, state initial, run_options options);

  /// Runs everything that is due now, blocking calls included, until nothing is
  /// left. Returns the number of turns taken.
  std::size_t run_ready();

  /// Runs at most one thing that is due now. Returns whether there was one.
  bool run_one();

  /// Advances the time, and runs everything that is due at each timer on the
  /// way.
  /// @pre `span` is not negative
  void advance(duration span);

  /// Advances from timer to timer until `which` is done, and returns its
  /// outcome.
  /// Errors: throws `errc::timed_out` if it would take longer than `limit`,
  /// `errc::request_failed` if nothing can happen any more.
  outcome finish(const run& which,
                 duration limit = std::chrono::hours{24 * 365});

  /// For use inside of a node: the time that a plain or blocking call takes.
  /// Advances the time and runs nothing else until the call has returned.
  /// @pre `span` is not negative
  void elapse(duration span);

 private:
  troupe::system system_;
  std::vector<run> started_;
};

/// A script for the calls of a node, one entry per call:
///
///     troupe::testing::script model;
///     model.fails("busy").after(30s).fails("overloaded").gives("a summary");
///
///     troupe::task<std::string> exec(troupe::context& ctx) const {
///       co_return (co_await model.next(ctx)).get<std::string>();
///     }
///
/// A call beyond the last entry fails permanently and says so. Copies share one
/// script, so a copy in a node tells the test what happened.
///
/// Thread safety: internally synchronised.
class script {
 public:
  /// One call, as it began.
  struct call {
    time_point at{};
    std::string node{};
    std::optional<std::size_t> item{};
    std::uint32_t attempt = 0;
  };

  script();

  // -- writing it -------------------------------------------------------------

  /// The call gives `result`.
  script& gives(value result);
  /// `times` calls throw a `std::runtime_error` with `text`.
  script& fails(std::string text, std::size_t times = 1);
  /// The call throws a `permanent_error` with `text`.
  script& fails_for_good(std::string text);
  /// The call throws a number, which is no `std::exception`.
  script& throws_a_number();
  /// The actor that runs the call is killed while the call waits: that of the
  /// node under `turns::by_message`, else that of the run or the sub-flow.
  /// Only for `next`.
  script& dies();
  /// The next entry takes `wait` first. Only for `next`.
  script& after(duration wait);

  // -- playing it -------------------------------------------------------------

  /// Does what the entry of this call says. For coroutines: `ctx` lives until
  /// the end of the task.
  [[nodiscard]] task<value> next(context& ctx) const;
  /// The same for a plain `exec`, which neither waits nor dies.
  value next_at_once(context& ctx) const;

  // -- looking back -----------------------------------------------------------

  /// The calls so far, in the order they began.
  [[nodiscard]] std::vector<call> calls() const;

 private:
  struct entry;
  struct content;

  script& add(entry what);
  [[nodiscard]] static entry begin(content& from, context& ctx);
  static task<value> play(std::shared_ptr<content> from, context& ctx);
  static value act(const entry& what);

  std::shared_ptr<content> content_;
};

}  // namespace troupe::testing
