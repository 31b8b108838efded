#pragma once

#include <troupe/clock.hpp>

#include <cstddef>
#include <list>
#include <mutex>

namespace troupe::remote {

/// The TLS handshakes of those who called, from their first moment on. CAF
/// waits for them without end, and 0.17.6 does so with all the time of the
/// thread that speaks to everybody: so those that take too long are cut off,
/// and of too many the oldest.
///
/// Thread safety: internally synchronised.
class open_handshakes {
 public:
  /// They take about 20 MB then, and a process often may not have many more
  /// than a thousand connections.
  static constexpr std::size_t count_max = 256;

  explicit open_handshakes(duration time_max) : time_max_(time_max) {}

  /// `connection` is any address that tells it from others.
  void begin(const void* connection, int socket, time_point now);
  /// It is over, one way or the other. Its socket must be open until then.
  void end(const void* connection);
  /// Cuts off what has been open for too long.
  void look(time_point now);

 private:
  struct handshake {
    const void* connection;
    int socket;
    time_point since;
  };

  void cut_oldest();

  const duration time_max_;
  std::mutex mutex_;
  /// The oldest first.
  std::list<handshake> open_;
};

}  // namespace troupe::remote
