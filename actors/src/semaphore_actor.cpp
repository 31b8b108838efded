#include "semaphore_actor.hpp"

#include "insist.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

/// Permits that were handed out. They come back when it dies.
struct permit_out {
  permit_out() = default;
  permit_out(const permit_out&) = delete;
  permit_out& operator=(const permit_out&) = delete;
  ~permit_out() {
    if (from) post(*from, signal{signal_kind::give_back, count});
  }

  lite_ptr<lite_actor> from;
  std::uint32_t count = 0;
};

}  // namespace

void semaphore_actor::on_signal(signal& received) {
  if (received.kind == signal_kind::acquire) {
    caf::intrusive_ptr<acquire_order> order{
        static_cast<acquire_order*>(received.body.detach()), false};
    insist([&] { waiting_.push_back(order); });
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
      caf::intrusive_ptr<answer_of<std::shared_ptr<void>>> brought;
      insist([&] {
        auto permit = std::make_shared<permit_out>();
        brought = caf::make_counted<answer_of<std::shared_ptr<void>>>(permit);
        permit->from = lite_ptr<lite_actor>{this};
        permit->count = first.count;
      });
      free_ -= first.count;
      first.who(std::move(brought), context());
    }
    waiting_.pop_front();
  }
}

}  // namespace troupe::detail
