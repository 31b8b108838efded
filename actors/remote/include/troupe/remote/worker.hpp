#pragma once

#include <troupe/clock.hpp>
#include <troupe/flow.hpp>
#include <troupe/remote/network.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {
class system;
}

namespace troupe::remote {

/// What a worker is there for.
struct worker_options {
  /// The flows of which it does what is placed on workers. The supervisor must
  /// have the same: a flow of the same name with other nodes, edges or types
  /// is refused with what differs.
  std::vector<flow> flows;
  /// The labels it serves. Empty: all that the flows ask for.
  std::set<std::string> labels = {};
  /// How much it does at once. At least 1, at most 100,000.
  std::size_t capacity = 64;
  /// The supervisor that it joins.
  std::optional<endpoint> join = {};
  /// Where it waits to be called by a supervisor; port 0 takes a free one.
  /// Anything but loopback needs TLS. Either this or `join` is there.
  std::optional<endpoint> listen = {};
  /// What it is called in messages. Empty: the host's name and the process.
  std::string name = {};
  /// A supervisor of which nothing was heard for so long is given up: longer
  /// than the largest input takes on its way.
  duration silence_max = std::chrono::seconds{4};
  /// The longest wait between two tries to reach the supervisor.
  duration retry_max = std::chrono::seconds{5};
  /// These two as for `listener_options`.
  std::size_t message_max = 64 * 1024 * 1024;
  std::function<void(const std::string&)> notice = {};
};

/// Does what supervisors ask for, in this process, until it is drained or
/// destroyed. One that loses its supervisor drops what it did for it, and keeps
/// trying to reach it.
///
/// Thread safety: internally synchronised.
class worker {
 public:
  /// Returns at once; joining goes on by itself.
  /// Errors: throws `errc::bad_flow` for options that make no sense, for flows
  /// in which nothing is placed on workers, for a `where` that is not prepared
  /// with `network` or has a worker or a listener already, and for an address
  /// other than loopback without TLS; `errc::bad_value` for a name of a worker,
  /// label or flow of more than 256 bytes, or with control characters;
  /// `errc::request_failed` if it cannot listen.
  worker(system& where, worker_options options);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  /// Leaves at once: what it does is dropped, and done by others.
  ~worker();

  /// Where it listens, if it does.
  [[nodiscard]] std::optional<endpoint> at() const;
  /// How many attempts and sub-flows are being made.
  [[nodiscard]] std::size_t running() const;
  /// Takes nothing new, finishes what it has, and leaves. Returns at once.
  /// Safe to call from anywhere but a signal handler.
  void drain();
  /// Waits until it has left after `drain`.
  void wait() const;
  /// The same for at most `limit`; whether it has left.
  [[nodiscard]] bool wait_for(duration limit) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace troupe::remote
