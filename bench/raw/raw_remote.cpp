#include "raw/raw_remote.hpp"

#include "measure.hpp"

#include <caf/io/middleman.hpp>
#include <caf/openssl/all.hpp>

#include <algorithm>
#include <latch>
#include <stdexcept>
#include <utility>

namespace troupe::bench {

namespace {

constexpr const char* loopback = "127.0.0.1";

class echo : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[](std::string& payload) { return std::move(payload); }};
  }
};

class client : public caf::event_based_actor {
 public:
  client(caf::actor_config& config, const std::vector<caf::actor>& echoes,
         const raw_requests& which, request_times& times, std::latch& finished)
      : event_based_actor(config),
        echoes_(echoes),
        which_(which),
        times_(times),
        done_(finished) {}

  caf::behavior make_behavior() override {
    return {[this](std::int64_t) {
      const auto first = std::min(which_.window, which_.count);
      while (begun_ < first) ask(begun_);
    }};
  }

 private:
  // An answer is followed by a request to who gave it, so each of them has its
  // share of the window.
  void ask(std::size_t to) {
    ++begun_;
    detail::request(this, echoes_[to % echoes_.size()], which_.payload)
        .then(
            [this, to, began = now_ns()](const std::string& back) {
              if (back != which_.payload) fail();
              times_.took_ns.push_back(now_ns() - began);
              if (begun_ < which_.count) ask(to);
              if (times_.took_ns.size() == which_.count) finish();
            },
            [this](const caf::error&) { fail(); });
  }
  void fail() {
    times_.took_ns.clear();
    finish();
  }
  void finish() {
    if (is_done_) return;
    is_done_ = true;
    done_.count_down();
    quit();
  }

  const std::vector<caf::actor>& echoes_;
  const raw_requests& which_;
  request_times& times_;
  std::latch& done_;
  std::size_t begun_ = 0;
  bool is_done_ = false;
};

}  // namespace

raw_network::config::config(std::size_t threads,
                            const remote::network_options& network) {
  set(detail::option_name("scheduler.max-threads"), threads);
  remote::network(network)(*this);
}

raw_network::raw_network(std::size_t threads,
                         const remote::network_options& network)
    : config_(threads, network), actors_(config_) {}

raw_echo::raw_echo(std::size_t threads, const remote::network_options& network)
    : network_(threads, network), self_(network_.actors().spawn<echo>()) {
  auto& actors = network_.actors();
  const auto taken = network.tls
                         ? caf::openssl::publish(self_, 0, loopback)
                         : actors.middleman().publish(self_, 0, loopback);
  if (!taken) throw std::runtime_error{"cannot publish an echo actor"};
  port_ = *taken;
}

raw_echo::~raw_echo() {
  caf::anon_send_exit(self_, caf::exit_reason::user_shutdown);
}

raw_client::raw_client(std::size_t threads,
                       const remote::network_options& network,
                       const std::vector<std::uint16_t>& ports)
    : network_(threads, network) {
  auto& actors = network_.actors();
  for (const auto port : ports) {
    const auto found = network.tls
                           ? caf::openssl::remote_actor(actors, loopback, port)
                           : actors.middleman().remote_actor(loopback, port);
    if (!found) throw std::runtime_error{"cannot reach an echo actor"};
    echoes_.push_back(*found);
  }
}

request_times raw_client::make(const raw_requests& which) {
  request_times times;
  times.took_ns.reserve(which.count);
  std::latch done{1};
  const auto self =
      network_.actors().spawn<client>(echoes_, which, times, done);
  const double before = now_ns();
  detail::anon_send(self, std::int64_t{1});
  done.wait();
  times.wall_s = (now_ns() - before) * 1e-9;
  if (times.took_ns.size() != which.count) {
    throw std::runtime_error{"a request of raw CAF failed"};
  }
  return times;
}

}  // namespace troupe::bench
