#include "troupe/context.hpp"

#include "troupe/detail/placed/placed_work.hpp"

#include <utility>

namespace troupe {

std::optional<detail::placed_work> detail::step_services::work_elsewhere()
    const {
  return std::nullopt;
}

std::string context::key() const {
  std::string text = host_->run_id() + "#" + std::to_string(host_->step());
  if (has_item_) text += "." + std::to_string(item_);
  return text;
}

void context::emit(value data) {
  if (!host_->listens(event_detail::notable)) return;
  event what;
  what.kind = event_kind::custom;
  what.attempt = attempt_;
  what.item = item();
  what.data = std::move(data);
  host_->tell(std::move(what));
}

}  // namespace troupe
