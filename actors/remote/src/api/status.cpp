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
  /// The reason why there will be no report.
  std::optional<std::string> why;
  /// The asker.
  bool has_ended = false;
};

/// Asks once, and hands over the answer.
class status_asker final : public detail::lite_actor {
 public:
  struct reached {
    caf::actor who;
  };
  struct stop {};
  using messages = detail::message_set<reached, stop>;

  status_asker(caf::actor_config& config, detail::home& at,
               std::shared_ptr<status_view> view)
      : lite_actor(config, at), view_(std::move(view)) {}

 private:
  friend class detail::envelope;

  void on(const reached& supervisor) {
    tell(supervisor.who, caf::make_message(wire::encode(wire::ask_status{})));
  }
  void on(stop) { quit(); }

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

  const std::shared_ptr<status_view> view_;
};

void reach(caf::actor_system& from, const endpoint& supervisor, duration limit,
           status_view& view, status_asker& asker) {
  auto found = connect(from, supervisor, limit);
  if (auto* reached = std::get_if<caf::actor>(&found)) {
    send_to(asker, status_asker::reached{std::move(*reached)});
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
  send_to(*asker, status_asker::stop{});
  // CAF lists it, as it spoke to another process, and an actor that is listed
  // must have ended before its actor system may be destroyed.
  view->changed.wait(lock, [&] { return view->has_ended; });
  if (view->report) return std::move(*view->report);
  throw error{errc::request_failed,
              "no status from " + supervisor.text() + ": " +
                  view->why.value_or("no answer arrived in time")};
}

}  // namespace troupe::remote
