#include "transfers.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

using clock = std::chrono::steady_clock;

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

/// Past the files that a process may have open, connections fail; below that,
/// exchanges wait for one.
std::size_t possible(std::size_t connections) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return connections;
  constexpr rlim_t for_others = 64;
  const rlim_t room = std::max(
      files.rlim_cur - std::min(files.rlim_cur / 2, for_others), rlim_t{1});
  return static_cast<std::size_t>(std::min<rlim_t>(room, connections));
}

}  // namespace

transfers::transfers(const http_options& options)
    : exchanges_max_(options.exchanges_max),
      surroundings_{trusted_file(options), options.unread_max,
                    transfer::limit_timers{clock::now()}},
      multi_(new_multi()) {
  CURLM* const multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &transfers::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &transfers::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  const auto total = static_cast<long>(possible(options.connections_max));
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, total);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.connections_per_host_max));
}

transfers::~transfers() {
  for (auto& [about, each] : all_) {
    if (each->has_ended()) continue;
    curl_multi_remove_handle(multi_.get(), each->easy());
    each->end(error{errc::shut_down, "the HTTP client was shut down"});
  }
  all_.clear();
}

// -- orders -------------------------------------------------------------------

void transfers::order(const exchange_ptr& about) {
  const auto known = all_.find(about.get());
  if (known == all_.end()) {
    begin(about);
    return;
  }
  transfer& under_way = *known->second;
  under_way.go_on();
  drop_if_over(under_way);
}

void transfers::begin(const exchange_ptr& about) {
  try {
    if (all_.size() >= exchanges_max_) {
      throw error{errc::overloaded, "the HTTP client has " +
                                        std::to_string(exchanges_max_) +
                                        " exchanges under way, its most"};
    }
    auto made = std::make_unique<transfer>(about, surroundings_);
    const auto& added = all_[about.get()] = std::move(made);
    curl_multi_add_handle(multi_.get(), added->easy());
  } catch (...) {
    arrival came;
    came.failure = error::from(std::current_exception());
    came.is_end = true;
    about->answer(std::move(came));
  }
}

void transfers::drop(const exchange& about) {
  const auto known = all_.find(&about);
  if (known == all_.end()) return;
  if (!known->second->has_ended()) give_up(*known->second);
  all_.erase(known);
}

void transfers::give_up(const transfer& under_way) {
  curl_multi_remove_handle(multi_.get(), under_way.easy());
  // It may have held up the others.
  if (under_way.is_shared()) ++surroundings_.shared_arrivals;
}

// -- turns --------------------------------------------------------------------

void transfers::run() {
  poll_.wait(until_next(), [this](int socket, socket_poll::interest what) {
    const int mask =
        (what.read ? CURL_CSELECT_IN : 0) | (what.write ? CURL_CSELECT_OUT : 0);
    act(socket, mask);
  });
  if (next_call_ <= clock::now()) {
    next_call_ = time_point::max();
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  look_again();
  take_ended();
  fire_limits();
}

void transfers::act(curl_socket_t socket, int mask) {
  const auto before = surroundings_.shared_arrivals;
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, mask, &running);
  const bool is_shared = surroundings_.shared_arrivals != before;
  if (is_shared && socket != CURL_SOCKET_TIMEOUT) shared_.insert(socket);
}

// Until 8.1, libcurl does not ask to be called again for what one stream of an
// HTTP/2 connection has left behind for the others, which would then wait for
// ever. So each connection is looked at until that brings nothing: one look a
// turn, for the sake of all else.
void transfers::look_again() {
  if (!must_look_again()) return;
  looked_at_ = surroundings_.shared_arrivals;
  // What follows may remove some.
  const std::vector<curl_socket_t> sockets{shared_.begin(), shared_.end()};
  for (const auto each : sockets) act(each, CURL_CSELECT_IN);
}

bool transfers::must_look_again() const noexcept {
  return looked_at_ != surroundings_.shared_arrivals;
}

std::chrono::milliseconds transfers::until_next() const {
  if (must_look_again()) return {};
  const auto next = std::min(
      next_call_, surroundings_.timers.next_look().value_or(time_point::max()));
  if (next == time_point::max()) return std::chrono::hours{1};
  return std::chrono::ceil<std::chrono::milliseconds>(next - clock::now());
}

void transfers::take_ended() {
  int left = 0;
  while (const CURLMsg* told = curl_multi_info_read(multi_.get(), &left)) {
    if (told->msg != CURLMSG_DONE) continue;
    CURL* const easy = told->easy_handle;
    const CURLcode result = told->data.result;
    char* found = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
    auto& ended = *reinterpret_cast<transfer*>(found);
    curl_multi_remove_handle(multi_.get(), easy);
    ended.end(result);
    drop_if_over(ended);
  }
}

void transfers::fire_limits() {
  surroundings_.timers.advance(clock::now(), [this](transfer* each) {
    if (each->has_ended()) return;
    each->on_timer();
    if (!each->has_ended()) return;
    give_up(*each);
    drop_if_over(*each);
  });
}

void transfers::drop_if_over(const transfer& ended) {
  if (ended.is_over()) all_.erase(&ended.about());
}

// -- what libcurl asks for ----------------------------------------------------

int transfers::on_socket(CURL*, curl_socket_t socket, int what, void* self,
                         void* known) noexcept {
  auto& me = *static_cast<transfers*>(self);
  if (what == CURL_POLL_REMOVE) {
    me.poll_.forget(socket);
    me.shared_.erase(socket);
    return 0;
  }
  try {
    me.poll_.watch(socket,
                   {.read = (what & CURL_POLL_IN) != 0,
                    .write = (what & CURL_POLL_OUT) != 0},
                   known == nullptr);
  } catch (const std::system_error&) {
    // Ends the transfer.
    return -1;
  }
  curl_multi_assign(me.multi_.get(), socket, &me);
  return 0;
}

int transfers::on_timer(CURLM*, long wait_ms, void* self) noexcept {
  static_cast<transfers*>(self)->next_call_ =
      wait_ms < 0 ? time_point::max()
                  : clock::now() + std::chrono::milliseconds{wait_ms};
  return 0;
}

}  // namespace troupe::llm::detail
