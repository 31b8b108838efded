#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/remote/network.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {
class system;
}

namespace troupe::remote {

/// How a supervisor treats its workers.
struct listener_options {
  /// Where workers join; port 0 takes a free one. Anything but loopback needs
  /// TLS.
  endpoint at = {};
  /// Workers that listen themselves and are called from here.
  std::vector<endpoint> call = {};
  /// A worker of which nothing was heard for so long is given up, and its work
  /// is given to others. At least half a second, and longer than the largest
  /// result takes on its way: meanwhile nothing else is heard of its worker.
  duration silence_max = std::chrono::seconds{2};
  /// Work that takes so long is given to a second worker that has nothing else
  /// to do, and the first success counts; one that fails waits for the other.
  /// Both do it, so this is for work that does no harm when it is done twice.
  /// Absent: it is not.
  std::optional<duration> twice_after = {};
  /// Work that so many workers were lost with, each of which had nothing else,
  /// has failed with a permanent `errc::actor_died`: it is what they died of.
  /// Work that was with two lost workers goes to one by itself, so that others
  /// do not fail with it; losses before that do not count. At least 1.
  std::uint32_t deaths_max = 10;
  /// The most work that waits or is being done. More is answered with
  /// `errc::overloaded`. At least 1.
  std::size_t work_max = 1'000'000;
  /// The most bytes of what goes out or comes back for one piece of work, and
  /// of the snapshot of a batch. More is answered with `errc::too_large`.
  std::size_t message_max = 64 * 1024 * 1024;
  /// Hears what a person may want to know, one line at a time: who joined, who
  /// was lost and why, and whom TLS kept out, the same line at most once a
  /// minute. Lines are safe for a terminal, and at most 2,000 come in a minute.
  /// Called from actors and threads of the runtime; must not block.
  /// Absent: nobody is told.
  std::function<void(const std::string&)> notice = {};
};

/// Makes a system one that has work done by workers: while it exists, what is
/// placed with the option `on` goes to those that joined, and waits for one
/// where there is none. That wait has no time limit of its own, as a node's
/// `timeout` counts on the worker only: `run_options::deadline` bounds it.
///
/// Work is given once, and again when its worker is lost, is frozen or cannot
/// be reached: it is done at least once, and its result counts exactly once. A
/// sub-flow that is given again begins at its first step.
///
/// Destroying it sends the workers away; work that is left is answered with
/// `errc::shut_down`.
///
/// Thread safety: internally synchronised.
class listener {
 public:
  /// Errors: throws `errc::bad_flow` for options that make no sense, for a
  /// `where` that is not prepared with `network` or has a listener or a worker
  /// already, and for an address other than loopback without TLS;
  /// `errc::request_failed` if it cannot listen.
  explicit listener(system& where) : listener(where, listener_options{}) {}
  listener(system& where, listener_options options);
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener();

  /// Where it listens, with the port that was taken.
  [[nodiscard]] const endpoint& at() const noexcept;
  /// How many workers are there.
  [[nodiscard]] std::size_t workers() const;
  /// Waits until so many are. False if they are not within `limit`.
  [[nodiscard]] bool wait_for_workers(std::size_t count, duration limit) const;
  /// Workers, load and versions, as `troupe cluster status` shows them.
  [[nodiscard]] json status() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::remote
