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
class switchboard;

/// How a topic is heard.
struct subscription_options {
  /// Messages that wait to be read; where there are more, the oldest gives
  /// way, and so it does where those of other processes take more than 64 MB.
  /// At least 1.
  std::size_t messages_max = 1024;
};

/// What is published on a topic from now on, for one reader or several, who
/// share the messages. Destroying it ends it.
///
/// It may be destroyed after its system; it hears nothing more then.
///
/// Thread safety: internally synchronised, but for moving it.
class [[nodiscard]] subscription {
 public:
  subscription(std::shared_ptr<switchboard> board, std::string topic,
               subscription_options options);
  subscription(subscription&&) noexcept = default;
  subscription& operator=(subscription&& other) noexcept;
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;
  ~subscription();

  /// The next message, after waiting for it. A time limit is that of `within`
  /// around it.
  /// Errors: throws `errc::request_failed` if it is not an actor that waits.
  /// Cancellation: a message that was on its way is there for the next reader.
  [[nodiscard]] task<value> next() const;
  /// The next message, if there is one.
  [[nodiscard]] std::optional<value> try_next() const;
  /// The next message, for a thread of your own: blocks for at most `limit`.
  /// Errors: as `run::get`, on a thread that runs nodes.
  [[nodiscard]] std::optional<value> wait_for(duration limit) const;

  /// How many messages gave way: here, and on the way here. On the way they are
  /// counted for some thousand topics at a time.
  [[nodiscard]] std::uint64_t missed() const;

 private:
  std::shared_ptr<switchboard> board_;
  std::string topic_;
  std::shared_ptr<news_queue> queue_;
};

/// Messages for whoever hears them, in all the processes of a cluster:
///
///     const troupe::remote::topic prices{runtime, "prices"};
///     const auto heard = prices.subscribe();     // in one process
///     prices.publish(troupe::value::object({{"tea", 3}}));  // in another
///     const auto price = co_await heard.next();
///
/// A message is heard at most once: not by who subscribes later, nor where a
/// connection is lost, nor where it gave way in a queue that was full. Those of
/// one publisher come in their order; those of several may be heard in another
/// order in each process. A subscription in another process is known to the
/// publisher's after one message each way.
///
/// A supervisor carries what its workers publish to its other workers. Nothing
/// here waits for a reader: on its way between two processes a bounded number
/// of messages waits, and there too the oldest gives way.
///
/// It is a handle: those of the same name in a system are one topic. It must
/// not be used after its system.
///
/// Thread safety: immutable; may be used anywhere.
class topic {
 public:
  /// Errors: throws `errc::bad_value` for a name of more than 256 bytes, or
  /// with control characters.
  topic(system& where, std::string name);

  /// Returns at once.
  /// Errors: throws `errc::too_large` for what is larger than `message_max` of
  /// the listener or worker here.
  void publish(const value& message) const;
  /// Errors: throws `errc::bad_flow` for options that make no sense;
  /// `errc::overloaded` if 100,000 topics are heard in this process.
  subscription subscribe(subscription_options options) const;
  subscription subscribe() const { return subscribe(subscription_options{}); }

 private:
  std::shared_ptr<switchboard> board_;
  std::string name_;
};

}  // namespace troupe::remote
