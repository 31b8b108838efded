#include "semaphore_actor.hpp"

namespace troupe::detail {

void semaphore_actor::on_signal(signal& received) {
  if (received.kind == signal_kind::acquire) {
    waiting_.push_back(
        std::move(static_cast<acquire_order*>(received.body.get())->who));
  } else if (received.kind == signal_kind::give_back) {
    ++free_;
  }
  hand_out();
}

void semaphore_actor::hand_out() {
  while (free_ > 0 && !waiting_.empty()) {
    --free_;
    const waker who = std::move(waiting_.front());
    waiting_.pop_front();
    std::shared_ptr<void> permit{
        nullptr, [self = lite_ptr<semaphore_actor>{this}](void*) {
          post(*self, signal{signal_kind::give_back});
        }};
    who(caf::make_counted<answer_of<std::shared_ptr<void>>>(std::move(permit)),
        context());
  }
}

}  // namespace troupe::detail
