#include "core/system_core.hpp"
#include "network/transport.hpp"
#include "threads/wait_at_most.hpp"
#include "wire/messages.hpp"

#include <troupe/remote/status.hpp>
#include <troupe/system.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace troupe::remote {

namespace {

struct status_view {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<json> report;
  /// Why there will be no report.
  std::optional<std::string> why;
  /// The asker.
  bool has_ended = false;
};

/// Asks once, and hands over the answer.
class status_asker final : public detail::lite_actor {
 public:
  status_asker(caf::actor_config& config, detail::home& at,
               std::shared_ptr<status_view> view)
      : lite_actor(config, at), view_(std::move(view)) {}

 private:
  void on_signal(detail::signal& received) override {
    if (received.kind != detail::signal_kind::own) {
      quit();
      return;
    }
    const auto& to = static_cast<supervisor&>(*received.body).who;
    tell(to, caf::make_message(wire::encode(wire::ask_status{})));
  }

  void on_message(caf::mailbox_element& message) override {
    if (!detail::holds<std::string>(message)) return;
    try {
      for (auto& each :
           wire::decode(detail::content_as<std::string>(message))) {
        if (auto* said = std::get_if<wire::status>(&each)) {
          const std::lock_guard lock{view_->mutex};
          view_->report = std::move(said->report);
        }
      }
    } catch (const error& why) {
      const std::lock_guard lock{view_->mutex};
      view_->why = why.message();
    }
    view_->changed.notify_all();
  }

  void on_stop(const caf::error&) noexcept override {
    {
      const std::lock_guard lock{view_->mutex};
      view_->has_ended = true;
    }
    view_->changed.notify_all();
  }

 public:
  class supervisor final : public detail::payload {
   public:
    explicit supervisor(caf::actor found) : who(std::move(found)) {}
    caf::actor who;
  };

 private:
  const std::shared_ptr<status_view> view_;
};

void reach(caf::actor_system& from, const endpoint& supervisor, duration limit,
           status_view& view, status_asker& asker) {
  auto found = connect(from, supervisor, limit);
  if (auto* reached = std::get_if<caf::actor>(&found)) {
    post(asker, detail::signal{detail::signal_kind::own, 0, 0,
                               caf::make_counted<status_asker::supervisor>(
                                   std::move(*reached))});
    return;
  }
  {
    const std::lock_guard lock{view.mutex};
    view.why = std::move(std::get<std::string>(found));
  }
  view.changed.notify_all();
}

}  // namespace

json status_of(system& from, const endpoint& supervisor, duration limit) {
  check_trust(from.actors(), supervisor);
  const auto view = std::make_shared<status_view>();
  const auto asker =
      detail::spawn_lite<status_asker>(from.core().at(), nullptr, view);
  // CAF blocks while it connects, for longer than the limit perhaps: that is
  // waited for when the system ends.
  static_cast<void>(from.core().threads()->start(
      [&actors = from.actors(), supervisor, limit, view, asker] {
        reach(actors, supervisor, limit, *view, *asker);
      },
      [] {}));
  std::unique_lock lock{view->mutex};
  detail::wait_at_most(lock, view->changed, limit, [&] {
    return view->report || view->why || view->has_ended;
  });
  post(*asker, detail::signal{detail::signal_kind::own + 1});
  // CAF lists it, as it spoke to another process, and an actor that is listed
  // must have ended before its actor system may be destroyed.
  view->changed.wait(lock, [&] { return view->has_ended; });
  if (view->report) return std::move(*view->report);
  throw error{errc::request_failed,
              "no status from " + supervisor.text() + ": " +
                  view->why.value_or("there is no answer in time")};
}

}  // namespace troupe::remote
