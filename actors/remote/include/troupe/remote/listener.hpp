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

/// Options of a supervisor of workers.
struct listener_options {
  /// The address at which workers join; port 0 takes a free one. Anything but
  /// loopback needs TLS.
  endpoint at = {};
  /// The addresses of workers that listen themselves and are called from here.
  std::vector<endpoint> call = {};
  /// The silence after which a worker is given up, and its work is given to
  /// others. At least half a second, and longer than the transfer of the
  /// largest result takes: meanwhile its worker is silent.
  duration silence_max = std::chrono::seconds{2};
  /// The time after which work is also given to a second, idle worker. The
  /// first success counts; a failure waits for the other result. Use it only
  /// for work that may be done twice. Absent: never.
  std::optional<duration> twice_after = {};
  /// The number of workers that may be lost while they hold this work alone;
  /// then the work fails with a permanent `errc::actor_died`, as it may be what
  /// kills them. Work that was with two lost workers is given to a worker that
  /// holds nothing else, so that other work does not fail with it; losses
  /// before that do not count. At least 1.
  std::uint32_t deaths_max = 10;
  /// The maximum number of pieces of work that wait or run. More are answered
  /// with `errc::overloaded`. At least 1.
  std::size_t work_max = 1'000'000;
  /// The maximum number of bytes of the input or the result of one piece of
  /// work, and of the snapshot of a batch. More is answered with
  /// `errc::too_large`.
  std::size_t message_max = 64 * 1024 * 1024;
  /// Called with notices for people, one line at a time: workers that joined,
  /// workers that were lost and why, and peers that TLS rejected, the same line
  /// at most once a minute. Lines are safe for a terminal, and at most 2,000
  /// come in a minute. Called from actors and threads of the runtime; must not
  /// block. Absent: there are no notices.
  std::function<void(const std::string&)> notice = {};
};

/// A supervisor of workers: while it exists, work that is placed with the
/// option `on` goes to workers that joined, and waits for one if there is none.
/// That wait has no time limit of its own, as a node's `timeout` counts on the
/// worker only: `run_options::deadline` bounds it.
///
/// Work is given to one worker, and to another one if that is lost, frozen or
/// unreachable: it is done at least once, and its result counts exactly once. A
/// sub-flow that is given again begins at its first step.
///
/// The destructor dismisses the workers; remaining work is answered with
/// `errc::shut_down`.
///
/// Thread safety: internally synchronised.
class listener {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options, for a
  /// `where` that is not prepared with `network` or has a listener or a worker
  /// already, and for an address other than loopback without TLS;
  /// `errc::request_failed` if it cannot listen.
  explicit listener(system& where) : listener(where, listener_options{}) {}
  listener(system& where, listener_options options);
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener();

  /// Returns the address at which it listens, with the port that was taken.
  [[nodiscard]] const endpoint& at() const noexcept;
  /// Returns the number of workers that have joined.
  [[nodiscard]] std::size_t workers() const;
  /// Waits until `count` workers have joined. False if they have not within
  /// `limit`.
  [[nodiscard]] bool wait_for_workers(std::size_t count, duration limit) const;
  /// Workers, load and versions, as `troupe cluster status` shows them.
  [[nodiscard]] json status() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::remote
