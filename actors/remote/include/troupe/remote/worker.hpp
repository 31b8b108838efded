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

/// Options of a worker.
struct worker_options {
  /// The flows whose placed work it does. The supervisor must have the same: a
  /// flow of the same name with other nodes, edges or types is refused, with
  /// the difference.
  std::vector<flow> flows;
  /// The labels it serves. Empty: all labels in its flows.
  std::set<std::string> labels = {};
  /// The number of attempts and sub-flows that it runs at once. At least 1, at
  /// most 100,000.
  std::size_t capacity = 64;
  /// The supervisor that it joins.
  std::optional<endpoint> join = {};
  /// The address at which it waits for a supervisor to call; port 0 takes a
  /// free one. Anything but loopback needs TLS. Exactly one of this and `join`
  /// is set.
  std::optional<endpoint> listen = {};
  /// The name of the worker in messages. Empty: the host's name and the
  /// process.
  std::string name = {};
  /// The silence after which a supervisor is given up: longer than the transfer
  /// of the largest input takes.
  duration silence_max = std::chrono::seconds{4};
  /// The longest wait between two tries to reach the supervisor.
  duration retry_max = std::chrono::seconds{5};
  /// These two as for `listener_options`.
  std::size_t message_max = 64 * 1024 * 1024;
  std::function<void(const std::string&)> notice = {};
};

/// A worker in this process, which does the work of its supervisor until it is
/// drained or destroyed. If it loses the supervisor it drops the work it did
/// for it, and keeps trying to reach it.
///
/// Thread safety: internally synchronised.
class worker {
 public:
  /// Returns at once; joining goes on by itself.
  /// Errors: throws `errc::bad_flow` for invalid options, for flows
  /// in which nothing is placed on workers, for a `where` that is not prepared
  /// with `network` or has a worker or a listener already, and for an address
  /// other than loopback without TLS; `errc::bad_value` for a name of a worker,
  /// label or flow of more than 256 bytes, or with control characters;
  /// `errc::request_failed` if it cannot listen.
  worker(system& where, worker_options options);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  /// Leaves at once: its work is dropped, and done by others.
  ~worker();

  /// Returns the address at which it listens, if it does.
  [[nodiscard]] std::optional<endpoint> at() const;
  /// Returns the number of attempts and sub-flows that are running.
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
