#include "core/system_core.hpp"
#include "sharing/shared_registry.hpp"

#include <troupe/detail/value/integer_from.hpp>
#include <troupe/remote/shared_semaphore.hpp>
#include <troupe/system.hpp>

#include <utility>

namespace troupe::remote {

namespace {

constexpr auto semaphore_kind = "semaphore";

/// Permits of this process. While some are out, the next handle of the name is
/// the same semaphore.
struct own_permit {
  std::shared_ptr<shared_semaphore_core> of;
  permit held;
};

/// Permits that are with a worker.
class lent_permit final : public lent {
 public:
  explicit lent_permit(shared_permit permit) : permit_(std::move(permit)) {}

 private:
  const shared_permit permit_;
};

}  // namespace

/// The shared state of the handles of one name in a system.
class shared_semaphore_core final
    : public detail::limit_line,
      public shared_service,
      public std::enable_shared_from_this<shared_semaphore_core> {
 public:
  shared_semaphore_core(system& where, std::string name, std::uint32_t permits)
      : board_(shared_registry::of(where.core())),
        name_(std::move(name)),
        own_(where, permits) {}
  ~shared_semaphore_core() override { board_->forget(semaphore_kind, name_); }

  static std::shared_ptr<shared_semaphore_core> find_or_make(
      system& where, const std::string& name, std::uint32_t permits);
  static task<shared_permit> acquire(
      std::shared_ptr<shared_semaphore_core> self, std::uint32_t count);
  /// Errors: as `semaphore::acquire`.
  void check(std::uint32_t count) const {
    static_cast<void>(own_.acquire(count));
  }

  task<std::shared_ptr<void>> enter() override {
    return enter_as(shared_from_this());
  }
  task<served_answer> serve(json asked) override {
    return serve_as(shared_from_this(), std::move(asked));
  }

 private:
  static task<std::shared_ptr<void>> enter_as(
      std::shared_ptr<shared_semaphore_core> self);
  static task<served_answer> serve_as(
      std::shared_ptr<shared_semaphore_core> self, json asked);

  const std::shared_ptr<shared_registry> board_;
  const std::string name_;
  const semaphore own_;
};

std::shared_ptr<shared_semaphore_core> shared_semaphore_core::find_or_make(
    system& where, const std::string& name, std::uint32_t permits) {
  auto made = shared_registry::of(where.core())
                  ->share<shared_semaphore_core>(semaphore_kind, name, [&] {
                    return std::make_shared<shared_semaphore_core>(where, name,
                                                                   permits);
                  });
  if (made->own_.size() == permits) return made;
  throw error{errc::bad_flow, "the system already has a shared semaphore '" +
                                  name + "' with " +
                                  std::to_string(made->own_.size()) +
                                  " permits, not " + std::to_string(permits)};
}

task<shared_permit> shared_semaphore_core::acquire(
    std::shared_ptr<shared_semaphore_core> self, std::uint32_t count) {
  if (auto line = self->board_->supervisor()) {
    const json asked = count;
    remote_call asking{std::move(line), semaphore_kind, self->name_, asked};
    auto got = co_await asking;
    if (!got.with) {
      throw error{errc::bad_reply, "the supervisor gave no permit"};
    }
    co_return shared_permit{std::make_shared<borrowed>(std::move(*got.with))};
  }
  auto waiting = self->own_.acquire(count);
  auto got = co_await waiting;
  auto held = std::make_shared<own_permit>();
  held->of = std::move(self);
  held->held = std::move(got);
  co_return shared_permit{std::move(held)};
}

task<std::shared_ptr<void>> shared_semaphore_core::enter_as(
    std::shared_ptr<shared_semaphore_core> self) {
  auto waiting = acquire(std::move(self), 1);
  auto got = co_await waiting;
  co_return std::move(got.held_);
}

task<served_answer> shared_semaphore_core::serve_as(
    std::shared_ptr<shared_semaphore_core> self, json asked) {
  const auto count = detail::integer_from<std::uint32_t>(asked);
  self->check(count);
  auto waiting = acquire(std::move(self), count);
  auto got = co_await waiting;
  served_answer made;
  made.with = std::make_unique<lent_permit>(std::move(got));
  co_return made;
}

// -- semaphores ---------------------------------------------------------------

shared_semaphore::shared_semaphore(system& where, std::string name,
                                   std::uint32_t permits)
    : core_(shared_semaphore_core::find_or_make(where, name, permits)) {}

task<shared_permit> shared_semaphore::acquire(std::uint32_t count) const {
  core_->check(count);
  return shared_semaphore_core::acquire(core_, count);
}

shared_semaphore::operator limit() const { return limit{core_}; }

}  // namespace troupe::remote
