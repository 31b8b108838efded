#include "network/refusals.hpp"

#include <utility>

namespace troupe::remote {

void refusals::tell(notice whom) {
  const std::lock_guard lock{mutex_};
  notice_ = std::move(whom);
}

void refusals::add(const std::string& line, time_point now) {
  const std::lock_guard lock{mutex_};
  if (!notice_) return;
  std::erase_if(told_, [&](const auto& each) {
    return now - each.second >= same_line_pause;
  });
  if (told_.size() >= lines_max || !told_.emplace(line, now).second) return;
  notice_(line);
}

}  // namespace troupe::remote
