#include "semaphore_actor.hpp"

#include <algorithm>

namespace troupe::detail {

void semaphore_actor::on_signal(signal& received) {
  if (received.kind == signal_kind::acquire) {
    waiting_.emplace_back(static_cast<acquire_order*>(received.body.detach()),
                          false);
  } else if (received.kind == signal_kind::give_back) {
    free_ += received.slot;
  } else if (received.kind == signal_kind::look_again) {
    ++gone_;
    drop_gone();
  }
  hand_out();
}

// Rarely enough that many who go away at once cost no more than they did when
// they came, and often enough that the line is not much longer than it looks.
void semaphore_actor::drop_gone() {
  if (gone_ * 2 < waiting_.size()) return;
  std::erase_if(waiting_, [](const auto& each) { return each->gone.load(); });
  gone_ = 0;
}

void semaphore_actor::hand_out() {
  while (!waiting_.empty()) {
    auto& first = *waiting_.front();
    if (!first.gone.load()) {
      if (first.count > free_) return;
      free_ -= first.count;
      std::shared_ptr<void> permit{
          this,
          [self = lite_ptr<semaphore_actor>{this}, count = first.count](void*) {
            post(*self, signal{signal_kind::give_back, count});
          }};
      first.who(caf::make_counted<answer_of<std::shared_ptr<void>>>(
                    std::move(permit)),
                context());
    }
    waiting_.pop_front();
  }
}

}  // namespace troupe::detail
