#include "dispatch/notice_limit.hpp"

#include <troupe/printable.hpp>

#include <memory>
#include <utility>

namespace troupe::remote {

void notice_limit::add(const std::string& line, time_point now) {
  auto safe = printable(line, line_breaks::joined, line_bytes);
  {
    const std::lock_guard lock{mutex_};
    if (now - since_ >= window) {
      since_ = now;
      told_ = 0;
      is_muted_ = false;
      same_.clear();
    }
    const bool is_one_too_many =
        told_ == lines_max || same_[safe]++ >= same_line_max;
    if (is_one_too_many && std::exchange(is_muted_, true)) return;
    if (is_one_too_many) {
      safe = "too many notices in one minute: some are left out";
    } else {
      ++told_;
    }
  }
  notice_(safe);
}

notice_limit::notice within_limit(notice_limit::notice whom) {
  if (!whom) return [](const std::string&) {};
  return
      [limit = std::make_shared<notice_limit>(std::move(whom))](
          const std::string& line) { limit->add(line, clock::steady().now()); };
}

}  // namespace troupe::remote
