#include "core/system_core.hpp"
#include "sharing/shared_registry.hpp"
#include "threads/node_thread.hpp"

#include <troupe/remote/topic.hpp>
#include <troupe/system.hpp>

#include <coroutine>
#include <utility>

namespace troupe::remote {

namespace {

/// Awaitable: goes on when there may be a message.
class [[nodiscard]] news_wait final : private detail::waiter {
 public:
  explicit news_wait(news_queue& queue) noexcept : queue_(queue) {}
  news_wait(const news_wait&) = delete;
  news_wait& operator=(const news_wait&) = delete;
  ~news_wait() {
    if (host() != nullptr && who_.target) queue_.withdraw(who_);
  }

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    begin(host, enlist(host, self));
  }
  void await_resume() const noexcept {}

 private:
  void begin(detail::fiber_owner& host, detail::wake_key key) {
    who_ = detail::fiber_actor::of(host, "wait for a message").waker_for(key);
    queue_.wait(who_);
  }

  news_queue& queue_;
  detail::waker who_;
};

task<value> next_of(std::shared_ptr<news_queue> queue) {
  for (;;) {
    if (auto message = queue->take()) co_return std::move(*message);
    news_wait waiting{*queue};
    co_await waiting;
  }
}

}  // namespace

// -- subscriptions ------------------------------------------------------------

subscription::subscription(std::shared_ptr<shared_registry> board,
                           std::string topic, subscription_options options)
    : board_(std::move(board)),
      topic_(std::move(topic)),
      queue_(std::make_shared<news_queue>(options.messages_max)) {
  board_->news().add(topic_, queue_);
}

subscription& subscription::operator=(subscription&& other) noexcept {
  std::swap(board_, other.board_);
  std::swap(topic_, other.topic_);
  std::swap(queue_, other.queue_);
  return *this;
}

subscription::~subscription() {
  if (queue_) board_->news().remove(topic_, queue_);
}

task<value> subscription::next() const { return next_of(queue_); }

std::optional<value> subscription::try_next() const { return queue_->take(); }

std::optional<value> subscription::wait_for(duration limit) const {
  detail::node_thread::refuse_wait(
      "subscription::wait_for",
      "write 'co_await subscription.next()', with 'within' for the limit");
  return queue_->take_within(limit);
}

std::uint64_t subscription::missed() const { return queue_->missed(); }

// -- topics -------------------------------------------------------------------

topic::topic(system& where, std::string name)
    : board_(shared_registry::of(where.core())), name_(std::move(name)) {
  check_name("a topic", name_);
}

void topic::publish(const value& message) const {
  board_->news().publish(name_, message);
}

subscription topic::subscribe(subscription_options options) const {
  if (options.messages_max < 1) {
    throw error{errc::bad_flow,
                "subscription_options.messages_max must be at least 1"};
  }
  return {board_, name_, options};
}

}  // namespace troupe::remote
