#pragma once

#include "event_queue.hpp"
#include "fiber_actor.hpp"
#include "node_actors.hpp"

#include <troupe/flow.hpp>
#include <troupe/run.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

/// What a run's handles, its supervisors and its late blocking calls share.
///
/// Thread safety: internally synchronised.
class run_core : public std::enable_shared_from_this<run_core> {
 public:
  run_core(system_core& system, flow work, run_options options, std::string id);

  // -- constant after construction -------------------------------------------

  [[nodiscard]] system_core& system() const noexcept { return system_; }
  [[nodiscard]] const flow& work() const noexcept { return work_; }
  [[nodiscard]] const run_options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] event_queue& events() noexcept { return events_; }
  [[nodiscard]] bool listens(event_detail detail) const noexcept {
    return options_.events >= detail;
  }
  /// The actors of the run's nodes, where messages go to them.
  [[nodiscard]] node_actors& actors() noexcept { return actors_; }

  /// Takes one of the retries that the run may still make, if it may.
  [[nodiscard]] bool take_retry() noexcept;

  // -- the end ---------------------------------------------------------------

  /// Hands over the supervisor that `cancel` speaks to.
  void set_supervisor(lite_ptr<lite_actor> supervisor);
  /// The first call counts.
  void end(outcome result);
  void cancel(std::string reason);

  [[nodiscard]] bool done() const;
  [[nodiscard]] outcome wait() const;
  [[nodiscard]] std::optional<outcome> wait_for(duration limit) const;
  /// Wakes `who` at the end, with an `answer_of<outcome>`.
  void subscribe(waker who);

 private:
  system_core& system_;
  const flow work_;
  const run_options options_;
  const std::string id_;
  event_queue events_;
  node_actors actors_;
  std::atomic<std::uint64_t> retries_{0};

  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  std::optional<outcome> outcome_;
  lite_ptr<lite_actor> supervisor_;
  std::vector<waker> subscribers_;
};

}  // namespace troupe::detail
