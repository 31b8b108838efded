#pragma once

#include "http/connection_pool.hpp"
#include "http/socket_poll.hpp"
#include "http/transfer.hpp"

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

/// All exchanges of one client, on libcurl's multi interface.
///
/// Thread safety: confined to one thread, except `wake`, which any thread may
/// call.
class transfers {
 public:
  explicit transfers(const http_options& options);
  transfers(const transfers&) = delete;
  transfers& operator=(const transfers&) = delete;
  ~transfers();

  void begin(const exchange_ptr& about);
  /// Brings what was refused before; see `exchange::bring_part`.
  void go_on(const exchange& about);
  /// Drops one, wherever it stands.
  void drop(const exchange& about);
  /// Drops all, and answers waiting tasks with `errc::shut_down`.
  void close();

  /// Waits until something can go on, or until `latest`, and lets it.
  void run(time_point latest = time_point::max());
  /// True if there are some that nobody waits for.
  [[nodiscard]] bool has_unattended() const;
  void wake() noexcept { poll_.wake(); }

 private:
  struct entry {
    std::unique_ptr<transfer> under_way;
    connection_pool* in = nullptr;
  };

  connection_pool& pool_with_room();
  void take_ended(connection_pool& in);
  void announce();
  void fire_limits();
  [[nodiscard]] std::chrono::milliseconds until_next(time_point latest) const;

  std::size_t exchanges_max_;
  std::size_t pools_max_;
  /// Connections of each pool at most.
  connection_pool::room room_;
  transfer::client_state client_state_;
  socket_poll poll_;
  std::vector<std::unique_ptr<connection_pool>> pools_;
  std::unordered_map<const exchange*, entry> all_;
};

}  // namespace troupe::detail
