#include "troupe/result_store.hpp"

#include "troupe/json_text.hpp"

#include <cassert>
#include <utility>

namespace troupe {

std::vector<std::string> mistakes_in(const result_store_options& options) {
  std::vector<std::string> found;
  if (options.bytes_max < 1) {
    found.emplace_back("result_store_options.bytes_max must be at least 1");
  }
  if (options.ttl && *options.ttl <= duration::zero()) {
    found.emplace_back("result_store_options.ttl must be more than zero");
  }
  return found;
}

std::optional<value> result_store::find(const std::string& key,
                                        time_point now) {
  const auto place = places_.find(key);
  if (place == places_.end()) return std::nullopt;
  const auto at = place->second;
  if (at->good_until && now >= *at->good_until) {
    erase(at);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, at);
  return at->result;
}

void result_store::put(const std::string& key, value result, time_point now) {
  if (const auto place = places_.find(key); place != places_.end()) {
    erase(place->second);
  }
  const std::size_t bytes = key.size() + write_json(result.to_json()).size();
  if (bytes > options_.bytes_max) return;
  while (bytes_ + bytes > options_.bytes_max) {
    erase(std::prev(entries_.end()));
  }
  std::optional<time_point> good_until;
  if (options_.ttl) good_until = after(now, *options_.ttl);
  entries_.push_front({key, std::move(result), bytes, good_until});
  places_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
}

void result_store::clear() noexcept {
  places_.clear();
  entries_.clear();
  bytes_ = 0;
}

void result_store::check() const {
#ifndef NDEBUG
  std::size_t all = 0;
  for (auto each = entries_.begin(); each != entries_.end(); ++each) {
    const auto place = places_.find(each->key);
    assert(place != places_.end() && place->second == each);
    all += each->bytes;
  }
  assert(places_.size() == entries_.size());
  assert(bytes_ == all && bytes_ <= options_.bytes_max);
#endif
}

void result_store::erase(std::list<entry>::iterator at) {
  bytes_ -= at->bytes;
  places_.erase(at->key);
  entries_.erase(at);
}

}  // namespace troupe
