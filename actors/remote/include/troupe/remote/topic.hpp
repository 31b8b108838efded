#pragma once

#include <troupe/clock.hpp>
#include <troupe/task.hpp>
#include <troupe/value.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace troupe {
class system;
}

namespace troupe::remote {

class news_queue;
class shared_registry;

/// Options of a subscription.
struct subscription_options {
  /// The maximum number of messages that wait to be read; beyond it, and if
  /// those of other processes take more than 64 MB, the oldest is dropped. At
  /// least 1.
  std::size_t messages_max = 1024;
};

/// A subscription to what is published on a topic from now on, for one reader
/// or several, who share the messages. The destructor ends it.
///
/// It may be destroyed after its system; it receives nothing more then.
///
/// Thread safety: internally synchronised, except for moves.
class [[nodiscard]] subscription {
 public:
  subscription(std::shared_ptr<shared_registry> board, std::string topic,
               subscription_options options);
  subscription(subscription&&) noexcept = default;
  subscription& operator=(subscription&& other) noexcept;
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;
  ~subscription();

  /// Returns the next message, after waiting for it. Wrap it in `within` for a
  /// time limit.
  /// Errors: throws `errc::request_failed` outside of an actor.
  /// Cancellation: a message that was on its way goes to the next reader.
  [[nodiscard]] task<value> next() const;
  /// The next message, if there is one.
  [[nodiscard]] std::optional<value> try_next() const;
  /// The next message, for a thread of your own: blocks for at most `limit`.
  /// Errors: as `run::get`, on a thread that runs nodes.
  [[nodiscard]] std::optional<value> wait_for(duration limit) const;

  /// Returns the number of messages that were dropped: here, and on the way
  /// here. On the way they are counted for some thousand topics at a time.
  [[nodiscard]] std::uint64_t missed() const;

 private:
  std::shared_ptr<shared_registry> board_;
  std::string topic_;
  std::shared_ptr<news_queue> queue_;
};

/// A topic for messages to all subscribers, in all processes of a cluster:
///
///     const troupe::remote::topic prices{runtime, "prices"};
///     const auto heard = prices.subscribe();     // in one process
///     prices.publish(troupe::value::object({{"tea", 3}}));  // in another
///     const auto price = co_await heard.next();
///
/// A message is delivered at most once: not to later subscribers, and not if a
/// connection is lost or a full queue drops it. Messages of one publisher
/// arrive in order; those of several may arrive in another order in each
/// process. A publisher's process knows of a subscription in another process
/// after one message each way.
///
/// A supervisor forwards the messages of its workers to its other workers.
/// Nothing here waits for a reader: between two processes a bounded number of
/// messages waits, and there, too, the oldest is dropped.
///
/// It is a handle: those of the same name in a system are one topic. It must
/// not be used after its system.
///
/// Thread safety: immutable.
class topic {
 public:
  /// Errors: throws `errc::bad_value` for a name of more than 256 bytes, or
  /// with control characters.
  topic(system& where, std::string name);

  /// Returns at once.
  /// Errors: throws `errc::too_large` for a message larger than `message_max`
  /// of the listener or worker here.
  void publish(const value& message) const;
  /// Errors: throws `errc::bad_flow` for invalid options; `errc::overloaded` if
  /// this process subscribes to 100,000 topics already.
  subscription subscribe(subscription_options options) const;
  subscription subscribe() const { return subscribe(subscription_options{}); }

 private:
  std::shared_ptr<shared_registry> board_;
  std::string name_;
};

}  // namespace troupe::remote
