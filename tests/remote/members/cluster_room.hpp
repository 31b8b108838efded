#pragma once

#include <troupe/remote/listener.hpp>
#include <troupe/remote/worker.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// The notices of supervisors and workers, from any thread.
class notices {
 public:
  void add(const std::string& line) {
    const std::lock_guard lock{mutex_};
    lines_.push_back(line);
  }
  [[nodiscard]] bool has(const std::string& part) const {
    const std::lock_guard lock{mutex_};
    for (const auto& each : lines_) {
      if (each.find(part) != each.npos) return true;
    }
    return false;
  }
  [[nodiscard]] std::string all() const {
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& each : lines_) text += each + "\n";
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A worker with an actor system of its own, which speaks to others over real
/// sockets.
class worker_room {
 public:
  /// For flows that need the system of their worker.
  using make_flows = std::function<std::vector<troupe::flow>(troupe::system&)>;

  worker_room(troupe::remote::worker_options options,
              troupe::remote::network_options network = {},
              const make_flows& make = {})
      : system_({.threads = 2, .prepare = troupe::remote::network(network)}) {
    if (make) options.flows = make(system_);
    options.notice = [said = said_](const std::string& line) {
      said->add(line);
    };
    worker_ =
        std::make_unique<troupe::remote::worker>(system_, std::move(options));
  }

  [[nodiscard]] troupe::system& system() { return system_; }
  [[nodiscard]] troupe::remote::worker& worker() { return *worker_; }
  [[nodiscard]] const notices& said() const { return *said_; }
  /// Leaves at once.
  void end() { worker_.reset(); }

 private:
  std::shared_ptr<notices> said_ = std::make_shared<notices>();
  troupe::system system_;
  std::unique_ptr<troupe::remote::worker> worker_;
};

/// A supervisor that workers of the same process join.
class cluster_room {
 public:
  static constexpr std::chrono::seconds patience{20};

  explicit cluster_room(troupe::remote::listener_options options = {},
                        troupe::remote::network_options network = {})
      : network_(network),
        system_({.threads = 2, .prepare = troupe::remote::network(network)}) {
    options.notice = [said = said_](const std::string& line) {
      said->add(line);
    };
    listener_ =
        std::make_unique<troupe::remote::listener>(system_, std::move(options));
  }

  [[nodiscard]] troupe::system& system() { return system_; }
  [[nodiscard]] troupe::remote::listener& listener() { return *listener_; }
  [[nodiscard]] const notices& said() const { return *said_; }
  void stop_listening() { listener_.reset(); }

  /// A worker that has joined.
  std::unique_ptr<worker_room> join(std::vector<troupe::flow> flows,
                                    std::size_t capacity = 8) {
    troupe::remote::worker_options options;
    options.flows = std::move(flows);
    options.capacity = capacity;
    return join(std::move(options));
  }
  std::unique_ptr<worker_room> join(troupe::remote::worker_options options,
                                    const worker_room::make_flows& make = {}) {
    const auto before = listener_->workers();
    options.join = listener_->at();
    auto made =
        std::make_unique<worker_room>(std::move(options), network_, make);
    if (!listener_->wait_for_workers(before + 1, patience)) {
      throw std::runtime_error{
          "the worker does not join: " + made->said().all() + said_->all()};
    }
    return made;
  }

  troupe::outcome finish(const troupe::run& run) {
    const auto ended = run.wait_for(patience);
    if (!ended) {
      throw std::runtime_error{"the run does not end; " + said_->all() +
                               listener_->status().dump()};
    }
    return *ended;
  }

 private:
  std::shared_ptr<notices> said_ = std::make_shared<notices>();
  troupe::remote::network_options network_;
  troupe::system system_;
  std::unique_ptr<troupe::remote::listener> listener_;
};

}  // namespace troupe_test
