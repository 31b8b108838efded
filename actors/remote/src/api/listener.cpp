#include "core/system_core.hpp"
#include "dispatch/gateway.hpp"
#include "dispatch/notice_limit.hpp"
#include "network/connector.hpp"
#include "network/transport.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/remote/listener.hpp>
#include <troupe/system.hpp>

#include <utility>

namespace troupe::remote {

namespace {

constexpr duration call_again_max = std::chrono::seconds{5};

[[noreturn]] void refuse_listener(const std::string& what) {
  throw error{errc::bad_flow, "listener_options." + what};
}

listener_options checked(caf::actor_system& system, listener_options options) {
  check_trust(system, options.at);
  for (const auto& each : options.call) check_trust(system, each);
  if (options.silence_max < std::chrono::milliseconds{500}) {
    refuse_listener("silence_max must be at least half a second");
  }
  if (options.twice_after && *options.twice_after <= duration::zero()) {
    refuse_listener("twice_after must be more than zero");
  }
  if (options.deaths_max < 1) refuse_listener("deaths_max must be at least 1");
  if (options.work_max < 1) refuse_listener("work_max must be at least 1");
  if (options.message_max < 1) {
    refuse_listener("message_max must be at least 1");
  }
  options.notice = within_limit(std::move(options.notice));
  return options;
}

}  // namespace

struct listener::state {
  state(system& where, listener_options options)
      : core(where.core()),
        actors(where.actors()),
        chosen(checked(actors, std::move(options))),
        view(std::make_shared<gateway_view>()),
        board(shared_registry::of(core)),
        role(board->take_role("supervisor")),
        refused(actors, chosen.notice),
        at(chosen.at) {
    const auto desk = detail::spawn_lite<call_server>(
        core.at(), nullptr, core, board, chosen.message_max);
    self = detail::spawn_lite<gateway>(core.at(), nullptr, core.timers(),
                                       chosen, gateway_shares{board, desk},
                                       view, [this] { call(); });
    desk->answer_to(self);
    detail::wake(*self);
    board->news().connect(self, chosen.message_max);
    try {
      at.port = publish(actors, self->handle(), at);
      core.set_elsewhere(
          std::make_shared<placed_orders>(self, chosen.message_max));
    } catch (...) {
      stop();
      throw;
    }
    for (const auto& each : chosen.call) {
      const std::lock_guard lock{calls_mutex};
      calls.push_back(std::make_unique<connector>(
          actors, connector::options{each, call_again_max,
                                     [gate = self](caf::actor found) {
                                       send_to(*gate, gateway::worker_reached{
                                                          std::move(found)});
                                     },
                                     chosen.notice}));
    }
  }

  ~state() {
    core.clear_elsewhere();
    decltype(calls) ending;
    {
      const std::lock_guard lock{calls_mutex};
      ending.swap(calls);
    }
    ending.clear();
    stop();
  }

  void stop() {
    board->news().disconnect(*self);
    if (at.port != 0) unpublish(actors, self->handle(), at.port);
    send_to(*self, gateway::stop{});
    std::unique_lock lock{view->mutex};
    view->changed.wait(lock, [&] { return view->has_ended; });
  }

  // One of them is lost; those that are there are reached as they are.
  void call() {
    const std::lock_guard lock{calls_mutex};
    for (const auto& each : calls) each->again();
  }

  detail::system_core& core;
  caf::actor_system& actors;
  const listener_options chosen;
  const std::shared_ptr<gateway_view> view;
  const std::shared_ptr<shared_registry> board;
  const std::shared_ptr<const std::string> role;
  const refusal_notice refused;
  endpoint at;
  detail::lite_ptr<gateway> self;
  std::mutex calls_mutex;
  std::vector<std::unique_ptr<connector>> calls;
};

listener::listener(system& where, listener_options options)
    : state_(std::make_unique<state>(where, std::move(options))) {}

listener::~listener() = default;

const endpoint& listener::at() const noexcept { return state_->at; }

std::size_t listener::workers() const {
  const std::lock_guard lock{state_->view->mutex};
  return state_->view->workers;
}

bool listener::wait_for_workers(std::size_t count, duration limit) const {
  auto& view = *state_->view;
  std::unique_lock lock{view.mutex};
  return detail::wait_at_most(lock, view.changed, limit,
                              [&] { return view.workers >= count; });
}

json listener::status() const {
  gateway_report now_so;
  {
    const std::lock_guard lock{state_->view->mutex};
    now_so = state_->view->report;
  }
  return now_so.form();
}

}  // namespace troupe::remote
