#pragma once

#include "core/fiber_actor.hpp"

#include <troupe/error.hpp>
#include <troupe/json.hpp>
#include <troupe/remote/keyed_actors.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace troupe::remote {

class keyed_router;

/// The reply to a message to a keyed actor.
struct keyed_reply {
  std::optional<error> failure = {};
  json body = {};
};

/// A message on its way to a keyed actor. Destroying one that is not answered
/// answers it.
class keyed_order final : public detail::payload {
 public:
  /// `is_gone` is set when the actor that waited does so no more. It keeps that
  /// and not the order, which is to be destroyed with what was to answer it.
  keyed_order(detail::waker who, json asked,
              std::shared_ptr<const std::atomic<bool>> is_gone)
      : message(std::move(asked)),
        is_gone_(std::move(is_gone)),
        who_(std::move(who)) {}
  ~keyed_order() override;

  void answer(keyed_reply reply);
  /// Nobody waits for the answer any more.
  [[nodiscard]] bool is_gone() const noexcept { return is_gone_->load(); }

  json message;

 private:
  const std::shared_ptr<const std::atomic<bool>> is_gone_;
  /// Empty once it is answered.
  detail::waker who_;
};
using keyed_order_ptr = caf::intrusive_ptr<keyed_order>;

/// Which keys of one name have an actor.
///
/// Thread safety: internally synchronised.
class keyed_directory : public std::enable_shared_from_this<keyed_directory> {
 public:
  keyed_directory(detail::system_core& core, keyed_actors::maker make,
                  keyed_options options)
      : make_(std::move(make)), options_(options), core_(core) {}

  [[nodiscard]] const keyed_options& options() const noexcept {
    return options_;
  }
  [[nodiscard]] std::unique_ptr<keyed_actor> make(
      const std::string& key) const {
    return make_(key);
  }

  /// Gives the message to the actor of `key`, which is made if there is none.
  /// Errors: throws `errc::overloaded` and `errc::shut_down`.
  void deliver(const std::string& key, keyed_order_ptr order);
  /// A message is answered. Returns whether it was the last.
  bool on_answered(const std::string& key);
  /// Forgets a host that has no actor, and nothing left to answer: from then on
  /// another may be made. Returns whether it has.
  bool forget_idle(const std::string& key);
  /// A host ends, and has no actor any more.
  void forget(const std::string& key, const keyed_router& host) noexcept;
  void close() noexcept;
  [[nodiscard]] std::size_t size() const;

 private:
  struct entry {
    detail::lite_ptr<keyed_router> host;
    std::size_t messages = 0;
  };

  const keyed_actors::maker make_;
  const keyed_options options_;
  detail::system_core& core_;
  mutable std::mutex mutex_;
  std::map<std::string, entry> entries_;
  bool is_closed_ = false;
};

/// The host of the actor of one key: gives it one message after the other.
class keyed_router final : public detail::fiber_actor,
                           private detail::completion {
 public:
  struct deliver {
    keyed_order_ptr order;
  };
  struct stop {};
  using messages = detail::message_set<deliver, stop>;

  keyed_router(caf::actor_config& config, detail::home& at,
               detail::system_core& core,
               std::shared_ptr<keyed_directory> directory, std::string key);

 private:
  friend class detail::envelope;

  void on(deliver sent);
  void on(stop) { quit(); }
  void on_fibers() override;
  void on_timer(detail::wake_key key) override;
  void on_stop(const caf::error& reason) noexcept override;
  void on_complete() noexcept override { is_done_ = true; }

  void go_on();
  /// Returns whether it has ended already.
  bool begin();
  void settle();
  void settle(keyed_reply reply);

  const std::shared_ptr<keyed_directory> directory_;
  const std::string key_;
  std::unique_ptr<keyed_actor> actor_;
  std::deque<keyed_order_ptr> waiting_;
  keyed_order_ptr current_;
  task<json> work_;
  bool is_done_ = false;
  std::uint64_t idle_timer_ = 0;
  std::uint32_t idle_round_ = 0;
};

}  // namespace troupe::remote
