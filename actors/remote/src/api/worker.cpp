#include "core/system_core.hpp"
#include "dispatch/notice_limit.hpp"
#include "dispatch/worker_link.hpp"
#include "network/connector.hpp"
#include "network/transport.hpp"
#include "threads/wait_at_most.hpp"
#include "wire/name_rule.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/remote/worker.hpp>
#include <troupe/system.hpp>

#include <array>
#include <unistd.h>
#include <utility>

namespace troupe::remote {

namespace {

[[noreturn]] void refuse_worker(const std::string& what) {
  throw error{errc::bad_flow, "worker_options." + what};
}

std::string own_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string{host.data()} + "/" + std::to_string(getpid());
}

worker_options checked(caf::actor_system& system, worker_options options) {
  if (options.capacity < 1) refuse_worker("capacity must be at least 1");
  if (options.capacity > peer_limits::capacity) {
    refuse_worker("capacity must be at most " +
                  std::to_string(peer_limits::capacity) + ", got " +
                  std::to_string(options.capacity));
  }
  if (options.join.has_value() == options.listen.has_value()) {
    refuse_worker("exactly one of join and listen must be set");
  }
  check_trust(system, options.join ? *options.join : *options.listen);
  if (options.silence_max <= duration::zero()) {
    refuse_worker("silence_max must be more than zero");
  }
  if (options.retry_max <= duration::zero()) {
    refuse_worker("retry_max must be more than zero");
  }
  if (options.message_max < 1) refuse_worker("message_max must be at least 1");
  if (options.name.empty()) options.name = own_name();
  check_name("a worker", options.name);
  for (const auto& each : options.labels) check_name("a label", each);
  options.notice = within_limit(std::move(options.notice));
  return options;
}

worker_link::options link_options(const worker_options& from) {
  worker_link::options made;
  made.flows = detail::served_in(from.flows);
  made.said.name = from.name;
  made.said.troupe = TROUPE_VERSION;
  made.said.capacity = from.capacity;
  made.said.labels = from.labels;
  for (const auto& [name, each] : made.flows) {
    check_name("a flow", name);
    for (const auto& label : each.labels) check_name("a label", label);
    made.said.flows.emplace(name, each.form);
    if (from.labels.empty()) {
      made.said.labels.insert(each.labels.begin(), each.labels.end());
    }
  }
  made.silence_max = from.silence_max;
  made.retry_max = from.retry_max;
  made.message_max = from.message_max;
  made.notice = from.notice;
  return made;
}

}  // namespace

struct worker::state {
  state(system& where, worker_options options)
      : actors(where.actors()),
        chosen(checked(actors, std::move(options))),
        view(std::make_shared<link_view>()),
        board(shared_registry::of(where.core())),
        role(board->take_role("worker")),
        refused(actors, chosen.notice),
        signs(std::make_shared<life_signs>(chosen.silence_max / 8)) {
    auto of_link = link_options(chosen);
    of_link.signs = signs;
    if (chosen.join) {
      of_link.on_lost = [this] {
        const std::lock_guard lock{join_mutex};
        if (join) join->again();
      };
    }
    self = detail::spawn_lite<worker_link>(
        where.core().at(), nullptr, where.core(), std::move(of_link), view);
    detail::wake(*self);
    if (chosen.listen) {
      at = chosen.listen;
      try {
        at->port = publish(actors, self->handle(), *at);
      } catch (...) {
        send_to(*self, link_message::stop{});
        throw;
      }
    }
    line = std::make_shared<supervisor_client>(self, chosen.message_max);
    board->set_supervisor(line);
    board->news().connect(self, chosen.message_max);
    if (!chosen.join) return;
    const std::lock_guard lock{join_mutex};
    join = std::make_unique<connector>(
        actors, connector::options{
                    *chosen.join, chosen.retry_max,
                    [link = self](caf::actor found) {
                      send_to(*link, link_message::reached{std::move(found)});
                    },
                    chosen.notice});
  }

  ~state() {
    decltype(join) ending;
    {
      const std::lock_guard lock{join_mutex};
      ending.swap(join);
    }
    ending.reset();
    if (at) unpublish(actors, self->handle(), at->port);
    board->set_supervisor(nullptr);
    board->news().disconnect(*self);
    send_to(*self, link_message::stop{});
    std::unique_lock lock{view->mutex};
    view->changed.wait(lock, [&] { return view->has_left; });
    lock.unlock();
    signs->end();
  }

  caf::actor_system& actors;
  const worker_options chosen;
  const std::shared_ptr<link_view> view;
  const std::shared_ptr<shared_registry> board;
  const std::shared_ptr<const std::string> role;
  const refusal_notice refused;
  const std::shared_ptr<life_signs> signs;
  std::optional<endpoint> at;
  detail::lite_ptr<worker_link> self;
  std::shared_ptr<supervisor_client> line;
  std::mutex join_mutex;
  std::unique_ptr<connector> join;
};

worker::worker(system& where, worker_options options)
    : state_(std::make_unique<state>(where, std::move(options))) {}

worker::~worker() = default;

std::optional<endpoint> worker::at() const { return state_->at; }

std::size_t worker::running() const { return state_->view->running.load(); }

void worker::drain() { send_to(*state_->self, link_message::drain{}); }

void worker::wait() const {
  auto& view = *state_->view;
  std::unique_lock lock{view.mutex};
  view.changed.wait(lock, [&] { return view.has_left; });
}

bool worker::wait_for(duration limit) const {
  auto& view = *state_->view;
  std::unique_lock lock{view.mutex};
  return detail::wait_at_most(lock, view.changed, limit,
                              [&] { return view.has_left; });
}

}  // namespace troupe::remote
