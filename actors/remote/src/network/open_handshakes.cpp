#include "network/open_handshakes.hpp"

#include <sys/socket.h>

namespace troupe::remote {

void open_handshakes::begin(const void* connection, int socket,
                            time_point now) {
  const std::lock_guard lock{mutex_};
  open_.push_back({connection, socket, now});
  if (open_.size() > count_max) cut_oldest();
}

void open_handshakes::end(const void* connection) {
  const std::lock_guard lock{mutex_};
  std::erase_if(open_, [&](const handshake& each) {
    return each.connection == connection;
  });
}

void open_handshakes::look(time_point now) {
  const std::lock_guard lock{mutex_};
  while (!open_.empty() && now - open_.front().since > time_max_) cut_oldest();
}

// CAF then reads the end of the connection, and closes it.
void open_handshakes::cut_oldest() {
  shutdown(open_.front().socket, SHUT_RDWR);
  open_.pop_front();
}

}  // namespace troupe::remote
