#include "sharing/topic_hub.hpp"

#include "threads/wait_at_most.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/error.hpp>

#include <algorithm>

namespace troupe::remote {

// -- queues -------------------------------------------------------------------

void news_queue::push(const value& message, std::uint64_t missed_before,
                      std::size_t memory) {
  std::vector<detail::waker> woken;
  {
    const std::lock_guard lock{mutex_};
    missed_ = sum_within_range(missed_, missed_before);
    while (!messages_.empty() && (messages_.size() >= messages_max_ ||
                                  memory_ + memory > memory_max)) {
      drop_first();
      missed_ = sum_within_range(missed_, 1);
    }
    messages_.push_back({message, memory});
    memory_ += memory;
    woken.swap(waiting_);
  }
  changed_.notify_all();
  // All of them: the first may be gone by the time that it is woken.
  for (const auto& each : woken) each();
}

std::optional<value> news_queue::take() {
  const std::lock_guard lock{mutex_};
  return take_first();
}

std::optional<value> news_queue::take_within(duration limit) {
  std::unique_lock lock{mutex_};
  detail::wait_at_most(lock, changed_, limit,
                       [&] { return !messages_.empty(); });
  return take_first();
}

std::optional<value> news_queue::take_first() {
  if (messages_.empty()) return std::nullopt;
  std::optional<value> first{std::move(messages_.front().message)};
  drop_first();
  return first;
}

void news_queue::drop_first() {
  memory_ -= messages_.front().memory;
  messages_.pop_front();
}

std::uint64_t news_queue::missed() const {
  const std::lock_guard lock{mutex_};
  return missed_;
}

void news_queue::wait(const detail::waker& who) {
  {
    const std::lock_guard lock{mutex_};
    if (messages_.empty()) {
      waiting_.push_back(who);
      return;
    }
  }
  who();
}

void news_queue::withdraw(const detail::waker& who) noexcept {
  const std::lock_guard lock{mutex_};
  std::erase_if(waiting_, [&](const auto& each) {
    return each.target == who.target && each.key.slot == who.key.slot &&
           each.key.generation == who.key.generation;
  });
}

// -- topic_hub
// -----------------------------------------------------------------

void topic_hub::publish(const std::string& topic, const value& message) {
  decltype(ends_) ends;
  {
    const std::lock_guard lock{mutex_};
    ends = ends_;
  }
  if (!ends.empty()) {
    auto body = wire::encode_json(message.to_json());
    for (const auto& each : ends) {
      if (body.size() <= each.message_max) continue;
      throw error{errc::too_large,
                  "a message of " + std::to_string(body.size()) +
                      " bytes for the topic '" + topic +
                      "' is larger than message_max (" +
                      std::to_string(each.message_max) + " bytes)"};
    }
    const news_message::published said{
        caf::make_counted<news_message::published_body>(
            topic, std::make_shared<wire::bytes>(std::move(body)))};
    for (const auto& each : ends) send_to(each.end, said);
  }
  for (const auto& each : queues_of(topic)) each->push(message, 0);
}

void topic_hub::deliver(const std::string& topic, const wire::bytes& body,
                        std::uint64_t missed) {
  const auto queues = queues_of(topic);
  if (queues.empty()) return;
  const auto memory = wire::memory_of(body);
  const value message{wire::decode_json(body)};
  for (const auto& each : queues) each->push(message, missed, memory);
}

// Those who wake others do not hold the lock: what they let go of may be the
// last of an actor that hears a topic.
std::vector<std::shared_ptr<news_queue>> topic_hub::queues_of(
    const std::string& topic) const {
  const std::lock_guard lock{mutex_};
  const auto known = topics_.find(topic);
  if (known == topics_.end()) return {};
  return known->second;
}

void topic_hub::add(const std::string& topic,
                    const std::shared_ptr<news_queue>& to) {
  const std::lock_guard lock{mutex_};
  if (topics_.size() >= peer_limits::topics && !topics_.contains(topic)) {
    throw error{errc::overloaded, "this process subscribes to more than " +
                                      std::to_string(peer_limits::topics) +
                                      " topics"};
  }
  auto& queues = topics_[topic];
  queues.push_back(to);
  if (queues.size() > 1) return;
  tell_of_change(topic);
}

void topic_hub::remove(const std::string& topic,
                       const std::shared_ptr<news_queue>& from) noexcept {
  const std::lock_guard lock{mutex_};
  const auto known = topics_.find(topic);
  if (known == topics_.end()) return;
  std::erase(known->second, from);
  if (!known->second.empty()) return;
  topics_.erase(known);
  tell_of_change(topic);
}

bool topic_hub::is_heard(const std::string& topic) const {
  const std::lock_guard lock{mutex_};
  return topics_.contains(topic);
}

std::vector<std::string> topic_hub::heard() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::string> names;
  names.reserve(topics_.size());
  for (const auto& [name, queues] : topics_) names.push_back(name);
  return names;
}

void topic_hub::connect(end_address end, std::size_t message_max) {
  const std::lock_guard lock{mutex_};
  ends_.push_back({std::move(end), message_max});
}

void topic_hub::disconnect(const detail::lite_actor& end) noexcept {
  const std::lock_guard lock{mutex_};
  std::erase_if(ends_, [&](const auto& each) { return each.end.is_of(end); });
}

void topic_hub::close() noexcept {
  const std::lock_guard lock{mutex_};
  ends_.clear();
}

// The lock is held.
void topic_hub::tell_of_change(const std::string& topic) const {
  if (ends_.empty()) return;
  const news_message::topic_changed said{
      std::make_shared<const std::string>(topic)};
  for (const auto& each : ends_) send_to(each.end, said);
}

}  // namespace troupe::remote
