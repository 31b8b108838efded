#include "http/connection_pool.hpp"

#include <troupe/clock.hpp>

#include <chrono>
#include <new>
#include <system_error>
#include <vector>

namespace troupe::detail {

namespace {

/// Nothing of libcurl may be used before this, by any thread.
void start_libcurl() {
  static const auto started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::bad_alloc{};
}

CURLM* new_multi() {
  start_libcurl();
  CURLM* made = curl_multi_init();
  if (made == nullptr) throw std::bad_alloc{};
  return made;
}

}  // namespace

connection_pool::connection_pool(socket_poll& poll, std::uint32_t tag,
                                 const transfer::client_state& where, room most)
    : poll_(poll), tag_(tag), where_(where), multi_(new_multi()) {
  CURLM* const multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                    &connection_pool::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &connection_pool::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most.all);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, most.all);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, most.per_host);
}

// -- exchanges ----------------------------------------------------------------

void connection_pool::add(transfer& begun) {
  if (curl_multi_add_handle(multi_.get(), begun.easy()) != CURLM_OK) {
    throw error{errc::request_failed, "libcurl cannot start another request"};
  }
  ++size_;
}

void connection_pool::unpause(transfer& refused) {
  const auto before = where_.shared_arrivals;
  refused.go_on();
  brings_shared(before);
}

void connection_pool::remove(transfer& under_way) {
  under_way.give_up();
  take_out(under_way);
  // It may have held up the others.
  if (under_way.is_shared()) must_look_again_ = true;
}

void connection_pool::take_out(const transfer& known) {
  curl_multi_remove_handle(multi_.get(), known.easy());
  --size_;
}

// -- turns --------------------------------------------------------------------

void connection_pool::act(curl_socket_t socket, socket_poll::interest what) {
  act(socket,
      (what.read ? CURL_CSELECT_IN : 0) | (what.write ? CURL_CSELECT_OUT : 0));
}

void connection_pool::act(curl_socket_t socket, int mask) {
  const auto before = where_.shared_arrivals;
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, mask, &running);
  if (brings_shared(before) && socket != CURL_SOCKET_TIMEOUT) {
    shared_.insert(socket);
  }
}

bool connection_pool::brings_shared(std::size_t before) noexcept {
  if (where_.shared_arrivals == before) return false;
  must_look_again_ = true;
  return true;
}

time_point connection_pool::due() const noexcept {
  return must_look_again_ ? time_point::min() : next_call_;
}

void connection_pool::go_on(time_point now) {
  if (next_call_ <= now) {
    next_call_ = time_point::max();
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  if (must_look_again_) look_again();
}

// Until 8.1, libcurl does not ask to be called again for what one stream of an
// HTTP/2 connection has left behind for the others, which would then wait for
// ever. So each connection is looked at until that brings nothing: one look a
// turn, for the sake of all else.
void connection_pool::look_again() {
  must_look_again_ = false;
  // The calls below may remove some.
  const std::vector<curl_socket_t> sockets{shared_.begin(), shared_.end()};
  for (const auto each : sockets) act(each, CURL_CSELECT_IN);
}

// -- what libcurl asks for ----------------------------------------------------

int connection_pool::on_socket(CURL*, curl_socket_t socket, int what,
                               void* self, void* known) noexcept {
  auto& me = *static_cast<connection_pool*>(self);
  if (what == CURL_POLL_REMOVE) {
    me.poll_.forget(socket);
    me.shared_.erase(socket);
    return 0;
  }
  try {
    me.poll_.watch(socket,
                   {.read = (what & CURL_POLL_IN) != 0,
                    .write = (what & CURL_POLL_OUT) != 0},
                   known == nullptr, me.tag_);
  } catch (const std::system_error&) {
    // The system is out of memory. This exchange ends by its limits; an error
    // told to libcurl would end all those of the pool.
    return 0;
  }
  curl_multi_assign(me.multi_.get(), socket, &me);
  return 0;
}

int connection_pool::on_timer(CURLM*, long wait_ms, void* self) noexcept {
  static_cast<connection_pool*>(self)->next_call_ =
      wait_ms < 0
          ? time_point::max()
          : after(clock::steady().now(), std::chrono::milliseconds{wait_ms});
  return 0;
}

}  // namespace troupe::detail
