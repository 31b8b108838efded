#pragma once

#include "wire/messages.hpp"
#include "wire/sent_window.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace troupe::remote {

/// Messages of topics on their way to one other process, which confirms those
/// that it has taken in. A bounded number is on the way, and a bounded number
/// waits for that: there the oldest is dropped, so that a process that reads
/// slowly costs no more than this.
///
/// Thread safety: confined to one actor or task.
class news_outbox {
 public:
  static constexpr std::size_t away_max = 256;
  static constexpr std::size_t waiting_max = 1024;
  /// The maximum number of topics with a count of dropped messages.
  static constexpr std::size_t missed_topics_max = 4096;

  /// `bytes_max`: of what is on the way, and of what waits.
  explicit news_outbox(std::size_t bytes_max)
      : bytes_max_(bytes_max), away_(away_max, bytes_max) {}

  /// `missed` is the number of messages before it that never came here.
  void push(const std::string& topic, wire::shared_bytes body,
            std::uint64_t missed = 0);
  /// So many have arrived.
  void confirm(std::uint64_t count) { away_.confirm(count); }
  /// Moves what may go out now to the end of `out`.
  void take(std::vector<wire::message>& out);
  /// The topic is heard there no more: what waits of it is not sent, and not
  /// told of to who hears it next.
  void forget(const std::string& topic);
  /// Forgets all: the connection is another.
  void clear();

 private:
  struct entry {
    std::string topic;
    wire::shared_bytes body;
  };

  void drop_oldest();
  void note_missed(const std::string& topic, std::uint64_t count);

  std::size_t bytes_max_;
  std::deque<entry> waiting_;
  std::size_t waiting_bytes_ = 0;
  sent_window away_;
  /// By topic: those that gave way and are not told of yet. At most
  /// `missed_topics_max`; those of others are not counted.
  std::map<std::string, std::uint64_t> missed_;
};

}  // namespace troupe::remote
