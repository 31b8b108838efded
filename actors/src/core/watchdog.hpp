#pragma once

#include <troupe/clock.hpp>
#include <troupe/event.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::detail {

class blocking_pool;
struct graph_node;
class run_core;

/// Looks for nodes that hold a thread although they are not declared blocking,
/// and for blocking calls that wait for a thread for long, and tells the event
/// stream of their run while they still do.
///
/// A supervisor enters once per quantum and names each step by two plain
/// stores; a thread of the watchdog's own compares what it sees.
///
/// Thread safety: internally synchronised.
class watchdog {
 public:
  /// The activity of one thread.
  struct post {
    /// Guards `run`; held while the watchdog tells of it.
    std::mutex mutex;
    run_core* run = nullptr;
    std::atomic<const graph_node*> node{nullptr};
    std::atomic<std::uint64_t> turn{0};

    /// Only the thread itself writes, so this need not lock the bus.
    void count_turn() noexcept {
      turn.store(turn.load(std::memory_order_relaxed) + 1,
                 std::memory_order_release);
    }
  };

  /// `limit` is how long a turn may hold a thread, and a call of `pool`, which
  /// may be null, may wait for one.
  watchdog(duration limit, blocking_pool* pool);
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog();

  /// A quantum of steps of one run on this thread.
  class watch {
   public:
    watch(watchdog& by, run_core& run);
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch();

    /// The next turn is one of `node`.
    void begin_turn(const graph_node& node) noexcept {
      post_.node.store(&node, std::memory_order_relaxed);
      post_.count_turn();
    }

   private:
    post& post_;
  };

  /// The time in which a thread that is not the scheduler's runs actors.
  class guest {
   public:
    explicit guest(watchdog& by);
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;
    ~guest();

   private:
    watchdog& by_;
    /// The name of the thread before, as the watchdog knows it.
    std::pair<std::uint64_t, post*> before_;
  };

  /// Compares each thread with what was seen at the last call. The thread of
  /// the watchdog calls it; a test may as well.
  void look(time_point now);

 private:
  struct seen {
    std::uint64_t turn = 0;
    time_point since{};
    bool told = false;
  };

  struct found {
    std::shared_ptr<run_core> run;
    event warning;
  };

  post& new_post();
  post& post_of_this_thread();
  void look_at_threads(time_point now);
  [[nodiscard]] std::vector<found> find_held_threads(time_point now);
  void look_at_pool(time_point now);
  void loop();

  const duration limit_;
  blocking_pool* const pool_;
  const std::uint64_t serial_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<post>> posts_;
  std::vector<seen> seen_;
  /// Those that no guest has now.
  std::vector<post*> spare_;
  std::thread thread_;
};

}  // namespace troupe::detail
