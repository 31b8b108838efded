#pragma once

#include "actor/address.hpp"
#include "core/fiber_actor.hpp"
#include "wire/messages.hpp"
#include "wire/sent_window.hpp"

#include <troupe/clock.hpp>
#include <troupe/value.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::remote {

/// The messages from a topic_hub to the ends of connections.
namespace news_message {
/// A message that was published here.
class published_body final : public detail::payload {
 public:
  published_body(std::string of, wire::shared_bytes with)
      : topic(std::move(of)), body(std::move(with)) {}
  const std::string topic;
  const wire::shared_bytes body;
};
struct published {
  caf::intrusive_ptr<const published_body> what;
};
/// The topic is heard here now, or no more.
struct topic_changed {
  std::shared_ptr<const std::string> topic;
};
}  // namespace news_message

/// The messages of one subscription that wait to be read. If there are too
/// many, or those of other processes take too much memory, the oldest is
/// dropped.
///
/// Thread safety: internally synchronised.
class news_queue {
 public:
  /// Of what other processes have sent.
  static constexpr std::size_t memory_max = std::size_t{64} << 20;

  explicit news_queue(std::size_t messages_max) : messages_max_(messages_max) {}

  /// `memory`: about what the message takes, if it is of another process.
  void push(const value& message, std::uint64_t missed_before,
            std::size_t memory = 0);
  [[nodiscard]] std::optional<value> take();
  [[nodiscard]] std::optional<value> take_within(duration limit);
  [[nodiscard]] std::uint64_t missed() const;

  /// Wakes `who` when there is something, perhaps at once.
  void wait(const detail::waker& who);
  void withdraw(const detail::waker& who) noexcept;

 private:
  struct entry {
    value message;
    std::size_t memory;
  };

  [[nodiscard]] std::optional<value> take_first();
  void drop_first();

  const std::size_t messages_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<entry> messages_;
  std::size_t memory_ = 0;
  std::uint64_t missed_ = 0;
  std::vector<detail::waker> waiting_;
};

/// The hub of the topics of one system: it brings together publishers,
/// subscribers, and the connections to other processes.
///
/// Thread safety: internally synchronised.
class topic_hub {
 public:
  /// Errors: throws `errc::too_large` for what no connection may carry.
  void publish(const std::string& topic, const value& message);
  /// Delivers a message from another process to those who hear it here.
  /// Errors: throws `errc::bad_value` for what is no message.
  void deliver(const std::string& topic, const wire::bytes& body,
               std::uint64_t missed);

  /// Errors: throws `errc::overloaded` if too many topics are heard here.
  void add(const std::string& topic, const std::shared_ptr<news_queue>& to);
  void remove(const std::string& topic,
              const std::shared_ptr<news_queue>& from) noexcept;
  [[nodiscard]] bool is_heard(const std::string& topic) const;
  [[nodiscard]] std::vector<std::string> heard() const;

  using end_address =
      detail::address<news_message::published, news_message::topic_changed>;

  /// `end` is told from now on, and of no message larger than that.
  void connect(end_address end, std::size_t message_max);
  void disconnect(const detail::lite_actor& end) noexcept;
  void close() noexcept;

 private:
  struct connection {
    end_address end;
    std::size_t message_max;
  };

  void tell_of_change(const std::string& topic) const;
  [[nodiscard]] std::vector<std::shared_ptr<news_queue>> queues_of(
      const std::string& topic) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<news_queue>>> topics_;
  std::vector<connection> ends_;
};

}  // namespace troupe::remote
