#include "wire/news_outbox.hpp"

#include <utility>

namespace troupe::remote {

void news_outbox::push(const std::string& topic, wire::shared_bytes body,
                       std::uint64_t missed) {
  note_missed(topic, missed);
  waiting_bytes_ += body->size();
  waiting_.push_back({topic, std::move(body)});
  while (waiting_.size() > waiting_max ||
         (waiting_bytes_ > bytes_max_ && waiting_.size() > 1)) {
    drop_oldest();
  }
}

void news_outbox::take(std::vector<wire::message>& out) {
  while (!waiting_.empty()) {
    auto& first = waiting_.front();
    const auto size = first.body->size();
    if (!away_.has_room(size)) return;
    wire::news made;
    const auto missed = missed_.extract(first.topic);
    if (!missed.empty()) made.missed = missed.mapped();
    made.topic = std::move(first.topic);
    made.body = *first.body;
    out.emplace_back(std::move(made));
    waiting_.pop_front();
    waiting_bytes_ -= size;
    away_.add(size);
  }
}

void news_outbox::forget(const std::string& topic) {
  missed_.erase(topic);
  std::erase_if(waiting_, [&](const entry& each) {
    if (each.topic != topic) return false;
    waiting_bytes_ -= each.body->size();
    return true;
  });
}

void news_outbox::clear() {
  waiting_.clear();
  away_.clear();
  missed_.clear();
  waiting_bytes_ = 0;
}

void news_outbox::drop_oldest() {
  note_missed(waiting_.front().topic, 1);
  waiting_bytes_ -= waiting_.front().body->size();
  waiting_.pop_front();
}

void news_outbox::note_missed(const std::string& topic, std::uint64_t count) {
  if (count == 0) return;
  const auto known = missed_.find(topic);
  if (known != missed_.end()) {
    known->second = sum_within_range(known->second, count);
  } else if (missed_.size() < missed_topics_max) {
    missed_.emplace(topic, count);
  }
}

}  // namespace troupe::remote
