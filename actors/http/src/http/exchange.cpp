#include "http/exchange.hpp"

namespace troupe::detail {

// -- who waits ----------------------------------------------------------------

std::optional<arrival> exchange::take() {
  const std::lock_guard lock{mutex_};
  return next();
}

void exchange::wait(troupe::detail::waker who) {
  const std::lock_guard lock{mutex_};
  who_ = std::move(who);
  tell();
}

bool exchange::has_room_again() {
  const std::lock_guard lock{mutex_};
  return is_full_ && unread_.body.empty() && std::exchange(is_full_, false);
}

// -- who brings ---------------------------------------------------------------

void exchange::bring_head(http_response head) {
  if (observer_) {
    observer_->on_head(head);
    return;
  }
  const std::lock_guard lock{mutex_};
  unread_ = std::move(head);
  has_head_ = true;
}

bool exchange::bring_part(std::string_view bytes, std::size_t unread_max) {
  if (observer_) {
    observer_->on_part(bytes);
    return true;
  }
  const std::lock_guard lock{mutex_};
  std::string& unread = unread_.body;
  if (is_streamed && !unread.empty() &&
      unread.size() + bytes.size() > unread_max) {
    is_full_ = true;
    return false;
  }
  unread += bytes;
  return true;
}

void exchange::bring_end(std::optional<error> failure) {
  if (observer_) {
    observer_->on_end();
    return;
  }
  const std::lock_guard lock{mutex_};
  failure_ = std::move(failure);
  has_ended_ = true;
}

void exchange::announce() {
  const std::lock_guard lock{mutex_};
  tell();
}

// -- both, with the lock held -------------------------------------------------

std::optional<arrival> exchange::next() {
  arrival came;
  if (is_streamed && has_head_ && !has_told_head_) {
    has_told_head_ = true;
    came.response.status = unread_.status;
    came.response.headers = std::move(unread_.headers);
  } else if (is_streamed && has_told_head_ && !unread_.body.empty()) {
    came.response.body = std::exchange(unread_.body, {});
  } else if (has_ended_) {
    came.is_end = true;
    if (!is_streamed && !failure_) came.response = std::move(unread_);
    came.failure = std::move(failure_);
  } else {
    return std::nullopt;
  }
  return came;
}

void exchange::tell() {
  if (!who_) return;
  auto came = next();
  if (!came) return;
  (*std::exchange(who_, std::nullopt))(
      caf::make_counted<troupe::detail::answer_of<arrival>>(std::move(*came)));
}

}  // namespace troupe::detail
