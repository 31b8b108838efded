#pragma once

#include <troupe/batch.hpp>
#include <troupe/event.hpp>
#include <troupe/flow.hpp>
#include <troupe/log.hpp>
#include <troupe/resume.hpp>
#include <troupe/run.hpp>
#include <troupe/state.hpp>
#include <troupe/store/durability.hpp>
#include <troupe/store/migration.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace caf {
class actor_system;
class actor_system_config;
}  // namespace caf

namespace troupe {

class run_store;

namespace detail {
class system_core;
}
namespace testing {
class simulation;
}

/// The ways to deliver a step to its node.
enum class turns : std::uint8_t {
  /// The flow supervisor calls its nodes itself and sends no message for a
  /// step. A blocking `exec` goes on to the pool from there, and a limited one
  /// waits for its permit there.
  in_place,
  /// Every step goes through the mailbox of the node's actor and back.
  by_message,
};

/// Options of a `system`.
struct system_options {
  /// Threads that run actors, from 1 to 1,024. Absent: one per core.
  std::optional<std::size_t> threads = {};
  /// The maximum number of threads of the blocking pool, from 1 to 4,096.
  std::size_t blocking_threads_max = 64;
  /// The number of blocking calls that may wait for a thread before a warning
  /// event is emitted. They wait as long as it takes; none is refused. At least
  /// 1.
  std::size_t blocking_queue_max = 65'536;
  enum turns turns = turns::in_place;
  /// The time after which a warning event is emitted, for a node that holds a
  /// thread although it is not declared blocking, and for a blocking call that
  /// waits for a thread of its pool.
  duration watchdog = std::chrono::milliseconds{50};
  /// Prepares the system's own actor system further, for example with
  /// `remote::network`.
  std::function<void(caf::actor_system_config&)> prepare = {};
  /// The store of durable runs, `sqlite("runs.db")` for example; null for none.
  /// One system at a time uses it.
  std::shared_ptr<run_store> store = {};
  /// The flows whose stored runs this process can go on with, by their names.
  /// Those that it starts itself are known without this; see `add_flow` for
  /// those whose nodes need the system.
  std::vector<flow> flows = {};
  /// The number of times that a stored run may take its process down without a
  /// step in between, before nobody goes on with it unasked. At least 1.
  std::uint32_t recoveries_max = 5;
  /// By the name of the flow: how its stored runs of other versions go on.
  std::map<std::string, std::vector<migration>> migrations = {};
  /// The log: called with one line at a time, which is safe for a terminal and
  /// has at most 1,000 bytes; at most 100 lines within ten seconds, and one
  /// that says how many were left out. It gets the warnings of
  /// `outcome::warnings`, and what a function of `run::then` or an `observer`
  /// threw. Called on the thread where that happens, by several at once; it
  /// must not block. Null switches it off.
  std::function<void(const std::string& line)> log = log_to_stderr;
  /// Sees every event of every run, of all details and without loss, whatever
  /// `run_options::events` says. Called on the thread where the event happens,
  /// by several at once, so it must be quick and must not wait for a run; what
  /// it throws is a line of `log`. Null costs nothing.
  std::function<void(const event&)> observer = {};
  /// The time for which the destructor waits for the remaining runs, before it
  /// cancels them; zero cancels them at once. Absent: as long as they take.
  std::optional<duration> shutdown_wait_max = {};
};

/// Options of a run.
struct run_options {
  /// The id of the run, in its events and in the keys of its steps: at most 200
  /// bytes, without '/' and '#'. Empty: a name that no other run has. A run
  /// that is restarted with the same id has the same step keys. With a store,
  /// an id names one run for ever: with the same flow, state and params `start`
  /// gives that one, at work or ended.
  std::string id = {};
  /// The faults that the run survives, where the system has a store.
  enum durability durability = durability::normal;
  /// The params of the outermost flow: an object.
  value params = value::object();
  /// The maximum number of steps of the run, and of each sub-flow. At least 1.
  std::uint64_t steps_max = 1'000'000;
  /// The time limit of the whole run, more than zero; the run is then
  /// cancelled. Absent means no limit.
  std::optional<duration> deadline = {};
  /// The maximum number of retries of all nodes of the run together, so that a
  /// server in trouble does not get a multiple of the calls. Absent means no
  /// limit besides those of the nodes. Each placed sub-flow may make as many as
  /// were left when it was sent.
  std::optional<std::uint64_t> retries_max = {};
  /// The seed of the random parts of waits: runs with the same seed wait for
  /// the same times. Absent: a different seed for every run.
  std::optional<std::uint64_t> seed = {};
  /// The detail of the event stream.
  event_detail events = event_detail::notable;
  /// The maximum number of events that wait to be read; older ones are dropped.
  /// At least 1.
  std::size_t events_max = 1024;
  /// The approximate maximum of the memory they take, in bytes; older ones are
  /// dropped. An event that is larger by itself is not kept, except the final
  /// one. At least 1.
  std::size_t event_bytes_max = std::size_t{64} << 20;
};

/// The runtime that flows run in: an actor system with its threads, its timers
/// and a pool for blocking calls.
///
/// The destructor waits for the remaining runs, as `shutdown_wait_max` says.
/// Those that are durable it puts away at their last commit: the next process
/// resumes them.
///
/// Thread safety: internally synchronised.
class system {
 public:
  /// Starts an actor system of its own.
  /// Errors: throws `errc::bad_flow` for invalid options, and
  /// `errc::overloaded` if a thread cannot be started, after ending those that
  /// were.
  system() : system(system_options{}) {}
  explicit system(system_options options);
  /// Uses an actor system that the caller owns and that outlives it. Load
  /// Troupe into its configuration first; see `load`.
  /// Errors: as above.
  explicit system(caf::actor_system& host) : system(host, system_options{}) {}
  system(caf::actor_system& host, system_options options);
  system(const system&) = delete;
  system& operator=(const system&) = delete;
  ~system();

  /// Prepares the configuration of an actor system for Troupe: message types,
  /// and on CAF 0.17 a scheduler that does not slow down with many actors.
  static void load(caf::actor_system_config& config);

  /// Starts `work` on `initial`, the run's shared state.
  /// Errors: throws `errc::bad_flow` for invalid options; with a store
  /// `errc::id_taken` for the id of another run, and `errc::store_failed`.
  run start(const flow& work) { return start(work, state{}, run_options{}); }
  run start(const flow& work, state initial) {
    return start(work, std::move(initial), run_options{});
  }
  run start(const flow& work, state initial, run_options options);

  /// Adds `work` to the flows whose stored runs this process can go on with,
  /// before `resume_all`: for flows whose nodes need the system, so that they
  /// cannot be among `system_options::flows`. One of the same name that was
  /// added, or started, before gives way.
  /// Errors: throws `errc::bad_flow` if there is no store, and if a flow of
  /// that name is among `system_options::flows`.
  void add_flow(const flow& work);

  /// Goes on with the stored run `id` from its last commit. One that failed or
  /// was cancelled begins its last step again, with fresh attempts and the same
  /// keys, and runs the items that did not finish. Of one that has finished, or
  /// is at work in this system, this is a handle.
  /// Errors: throws `errc::missing_key` if there is none, `errc::bad_flow` if
  /// this process does not have its flow, or there is no store, and
  /// `errc::store_failed`.
  run resume(const std::string& id);
  /// Goes on with all stored runs that have not ended, a bounded number of them
  /// at once. One that cannot go on is left alone, and holds up no other.
  /// Errors: throws `errc::bad_flow` if there is no store, and
  /// `errc::store_failed`.
  std::vector<resumed_run> resume_all();

  /// Cancels all runs that are at work, as `run::cancel` does. Returns at once.
  /// Runs that are started later are not affected.
  void cancel_all() { cancel_all("cancelled by the caller"); }
  void cancel_all(std::string reason);

  [[nodiscard]] caf::actor_system& actors() const noexcept;
  [[nodiscard]] detail::system_core& core() const noexcept { return *core_; }

 private:
  friend class testing::simulation;
  struct owned;
  struct by_hand_t {};

  void serve_store();
  static std::unique_ptr<owned> own(const system_options& options);

  system(by_hand_t, system_options options);

  std::unique_ptr<owned> owned_;
  std::unique_ptr<detail::system_core> core_;
};

}  // namespace troupe
