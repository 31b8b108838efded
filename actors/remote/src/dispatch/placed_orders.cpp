#include "dispatch/placed_orders.hpp"

#include "core/fiber_actor.hpp"

#include <string>

namespace troupe::remote {

namespace {

/// Reads the result in the turn of who waits for it.
class packed_answer final : public detail::answer {
 public:
  explicit packed_answer(wire::shared_bytes body) : body_(std::move(body)) {}

  void* content() noexcept override {
    try {
      result_ = wire::decode_result(*body_);
    } catch (...) {
      result_.failure = error::from(std::current_exception());
    }
    return &result_;
  }

 private:
  wire::shared_bytes body_;
  detail::placed_result result_;
};

error not_listening() {
  return error{errc::shut_down, "the system listens for workers no more"};
}

error too_large(std::string_view what, std::size_t size, std::size_t limit) {
  return error{errc::too_large, std::string{what} + " of " +
                                    std::to_string(size) +
                                    " bytes is larger than message_max, " +
                                    std::to_string(limit)};
}

}  // namespace

packed_snapshot::packed_snapshot(std::uint64_t number,
                                 std::shared_ptr<const state> of,
                                 work_address gateway)
    : id(number),
      body(std::make_shared<const wire::bytes>(wire::encode(*of))),
      of_(std::move(of)),
      gateway_(std::move(gateway)) {}

packed_snapshot::~packed_snapshot() {
  send_to(gateway_, work_message::forget_snapshot{id});
}

order_body::~order_body() {
  if (!asker.target) return;
  detail::placed_result ended;
  ended.failure = not_listening();
  answer(std::move(ended));
}

void order_body::answer(detail::placed_result result) {
  answer(caf::make_counted<detail::answer_of<detail::placed_result>>(
      std::move(result)));
}

void order_body::answer(wire::shared_bytes result) {
  answer(caf::make_counted<packed_answer>(std::move(result)));
}

void order_body::answer(detail::answer_ptr result) {
  std::exchange(asker, {})(std::move(result));
}

std::uint64_t placed_orders::place(detail::placed_order order) {
  const auto number = last_.fetch_add(1) + 1;
  const auto made = caf::make_counted<order_body>();
  made->asker = std::move(order.asker);
  try {
    made->body = std::make_shared<const wire::bytes>(wire::encode(order.what));
    if (made->body->size() > message_max_) {
      throw too_large("work", made->body->size(), message_max_);
    }
    if (order.what.node.empty()) made->snapshot = pack(order.what.readable);
    made->label = std::move(order.what.label);
    made->flow = std::move(order.what.flow);
    made->run_id = std::move(order.what.origin.run_id);
    made->node = std::move(order.what.origin.node_path);
    made->sink = std::move(order.what.sink);
    if (send_to(gateway_, work_message::place{number, made})) return number;
    throw not_listening();
  } catch (...) {
    detail::placed_result refused;
    refused.failure = error::from(std::current_exception());
    made->answer(std::move(refused));
  }
  return number;
}

void placed_orders::recall(std::uint64_t work) noexcept {
  send_to(gateway_, work_message::recall{work});
}

std::shared_ptr<const packed_snapshot> placed_orders::pack(
    const std::shared_ptr<const state>& from) {
  const std::lock_guard lock{mutex_};
  std::erase_if(snapshots_,
                [](const auto& each) { return each.second.expired(); });
  auto& known = snapshots_[from.get()];
  if (auto found = known.lock()) return found;
  auto made =
      std::make_shared<const packed_snapshot>(++last_snapshot_, from, gateway_);
  if (made->body->size() > message_max_) {
    throw too_large("a snapshot", made->body->size(), message_max_);
  }
  known = made;
  return made;
}

}  // namespace troupe::remote
