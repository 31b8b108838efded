#include "actor/pending_requests.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {

bool pending_requests::add(std::uint64_t request, wake_key key,
                           const caf::actor_addr& to) {
  requests_.insert_or_assign(request, entry{key, to});
  return ++counts_[to] == 1;
}

std::optional<pending_requests::removed> pending_requests::take(
    std::uint64_t request) {
  const auto found = requests_.find(request);
  if (found == requests_.end()) return std::nullopt;
  removed result{found->second.key, std::move(found->second.to), false};
  requests_.erase(found);
  const auto count = counts_.find(result.to);
  if (--count->second == 0) {
    counts_.erase(count);
    result.was_last = true;
  }
  return result;
}

std::vector<std::uint64_t> pending_requests::all_to(
    const caf::actor_addr& to) const {
  std::vector<std::uint64_t> found;
  for (const auto& [request, each] : requests_) {
    if (each.to == to) found.push_back(request);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace troupe::detail
