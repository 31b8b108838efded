#include "http/transfers.hpp"

#include <troupe/clock.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <sys/resource.h>
#include <utility>

namespace troupe::detail {

namespace {

/// From here on a walk through a pool's connections begins to show.
constexpr std::size_t pool_size = 256;

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

/// As many pools as can be full without that all of them together go beyond a
/// bound.
std::size_t pools_for(const http_options& options) {
  const auto least = std::min(possible(options.connections_max),
                              options.connections_per_host_max);
  return std::max<std::size_t>(least / pool_size, 1);
}

connection_pool::room room_in(const http_options& options, std::size_t pools) {
  return {static_cast<long>(possible(options.connections_max) / pools),
          static_cast<long>(options.connections_per_host_max / pools)};
}

}  // namespace

transfers::transfers(const http_options& options)
    : exchanges_max_(options.exchanges_max),
      pools_max_(pools_for(options)),
      room_(room_in(options, pools_max_)),
      client_state_{trusted_file(options), options.unread_max,
                    transfer::limit_timers{clock::steady().now()}} {
  client_state_.idle.reserve(pool_size);
  // Without one that works there is no client.
  pool_with_room();
}

transfers::~transfers() { close(); }

// -- orders -------------------------------------------------------------------

void transfers::begin(const exchange_ptr& about) {
  try {
    if (all_.size() >= exchanges_max_) {
      throw error{errc::overloaded, "the HTTP client has " +
                                        std::to_string(exchanges_max_) +
                                        " exchanges in progress, its maximum"};
    }
    auto made = std::make_unique<transfer>(about, client_state_);
    connection_pool& in = pool_with_room();
    in.add(*made);
    all_[about.get()] = {std::move(made), &in};
  } catch (...) {
    about->bring_end(error::from(std::current_exception()));
    about->announce();
  }
}

// The first one, so that connections that are there are used again, and streams
// share one. Where all are full, an exchange waits for a connection.
connection_pool& transfers::pool_with_room() {
  for (const auto& each : pools_) {
    if (each->size() < pool_size) return *each;
  }
  if (pools_.size() < pools_max_) {
    const auto tag = static_cast<std::uint32_t>(pools_.size());
    pools_.push_back(
        std::make_unique<connection_pool>(poll_, tag, client_state_, room_));
    return *pools_.back();
  }
  return **std::min_element(pools_.begin(), pools_.end(),
                            [](const auto& one, const auto& other) {
                              return one->size() < other->size();
                            });
}

void transfers::go_on(const exchange& about) {
  const auto known = all_.find(&about);
  if (known == all_.end()) return;
  auto& [under_way, in] = known->second;
  in->unpause(*under_way);
  if (under_way->has_ended()) drop(about);
  announce();
}

void transfers::drop(const exchange& about) {
  const auto known = all_.find(&about);
  if (known == all_.end()) return;
  known->second.in->remove(*known->second.under_way);
  all_.erase(known);
}

void transfers::close() {
  for (auto& [about, each] : all_) {
    each.in->remove(*each.under_way);
    each.under_way->end(
        error{errc::shut_down, "the HTTP client was shut down"});
  }
  all_.clear();
  announce();
}

// -- turns --------------------------------------------------------------------

bool transfers::has_unattended() const {
  return std::any_of(all_.begin(), all_.end(), [](const auto& each) {
    return each.first->is_unattended;
  });
}

void transfers::run(time_point latest) {
  poll_.wait(until_next(latest),
             [this](int socket, socket_poll::interest what, std::uint32_t tag) {
               connection_pool& in = *pools_[tag];
               in.act(socket, what);
               take_ended(in);
               announce();
             });
  const auto now = clock::steady().now();
  for (const auto& each : pools_) {
    each->go_on(now);
    take_ended(*each);
  }
  fire_limits();
  announce();
}

void transfers::take_ended(connection_pool& in) {
  in.take_ended([this](transfer& ended, CURLcode result) {
    ended.end(result);
    all_.erase(&ended.about());
  });
}

// The bytes of one readable socket, up to the end of the response if that is
// there, reaches its waiter as one.
void transfers::announce() {
  for (const auto& each : client_state_.news) each->announce();
  client_state_.news.clear();
}

std::chrono::milliseconds transfers::until_next(time_point latest) const {
  auto next = std::min(
      client_state_.timers.next_look().value_or(time_point::max()), latest);
  for (const auto& each : pools_) next = std::min(next, each->due());
  if (next == time_point::max()) return std::chrono::hours{1};
  const auto now = clock::steady().now();
  if (next <= now) return {};
  return std::chrono::ceil<std::chrono::milliseconds>(next - now);
}

void transfers::fire_limits() {
  client_state_.timers.advance(clock::steady().now(), [this](transfer* each) {
    each->on_timer();
    if (each->has_ended()) drop(each->about());
  });
}

}  // namespace troupe::detail
