#include "core/semaphore_actor.hpp"
#include "core/system_core.hpp"

#include <troupe/semaphore.hpp>
#include <troupe/system.hpp>

#include <string>

namespace troupe {

namespace detail {

/// The shared state of the copies of a semaphore.
class semaphore_line : public limit_line,
                       public std::enable_shared_from_this<semaphore_line> {
 public:
  explicit semaphore_line(lite_ptr<semaphore_actor> keeper)
      : actor(std::move(keeper)) {}

  task<std::shared_ptr<void>> enter() override;
  const void* lender() const noexcept override { return actor->as_lender(); }

  const lite_ptr<semaphore_actor> actor;
};

task<std::shared_ptr<void>> semaphore_line::enter() {
  acquire_operation waiting{shared_from_this(), 1};
  co_return std::make_shared<permit>(co_await waiting);
}

}  // namespace detail

acquire_operation::~acquire_operation() {
  if (!place_ || !place_->withdraw()) return;
  send_to(*line_->actor, detail::semaphore_message::withdrawn{});
}

void acquire_operation::stand_in_line(detail::fiber_owner& host,
                                      detail::wake_key key) {
  auto& owner = detail::fiber_actor::of(host, "wait for a permit");
  auto order = caf::make_counted<detail::acquire_order>(
      owner.waker_for(key), count_, owner.tokens_of(asker_->held),
      owner.origin().run);
  place_ = std::make_shared<detail::ticket>(order);
  send_to(*line_->actor, detail::semaphore_message::acquire{std::move(order)},
          owner.running_on());
}

void acquire_operation::receive(void* answer) {
  got_ = std::move(*static_cast<detail::permit_answer*>(answer));
}

permit acquire_operation::take() {
  if (got_.refused) throw *got_.refused;
  auto mark = std::make_shared<detail::permit_mark>(std::move(got_.permit));
  asker_->note_held(line_->lender(), mark, count_);
  return permit{std::move(mark)};
}

semaphore::semaphore(system& where, std::uint32_t permits)
    : semaphore(where, semaphore_options{permits}) {}

semaphore::semaphore(system& where, const semaphore_options& options)
    : permits_(options.permits) {
  if (options.permits < 1) {
    throw error{errc::bad_flow, "a semaphore must have at least one permit"};
  }
  if (options.waiting_max < 1) {
    throw error{errc::bad_flow,
                "semaphore_options.waiting_max must be at least 1"};
  }
  line_ = std::make_shared<detail::semaphore_line>(
      detail::spawn_lite<detail::semaphore_actor>(
          where.core().at(), nullptr, options.permits, options.waiting_max));
}

acquire_operation semaphore::acquire(std::uint32_t count) const {
  if (count < 1 || count > permits_) {
    throw error{error{errc::bad_flow, "permits to acquire must be from 1 to " +
                                          std::to_string(permits_) +
                                          ", the size of the semaphore, not " +
                                          std::to_string(count)}
                    .permanent()};
  }
  return {line_, count};
}

semaphore::operator limit() const { return limit{line_}; }

}  // namespace troupe
