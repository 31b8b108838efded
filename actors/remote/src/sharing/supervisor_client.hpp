#pragma once

#include "actor/address.hpp"
#include "core/fiber_actor.hpp"
#include "wire/messages.hpp"

#include <troupe/error.hpp>
#include <troupe/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe::remote {

class supervisor_client;

/// Something that the supervisor lent with an answer. It goes back when this is
/// destroyed.
///
/// Thread safety: confined to one actor or task. It may be destroyed on any
/// thread.
class borrowed {
 public:
  borrowed(std::shared_ptr<supervisor_client> from,
           std::uint64_t number) noexcept
      : line_(std::move(from)), number_(number) {}
  borrowed(borrowed&&) noexcept = default;
  borrowed& operator=(borrowed&& other) noexcept;
  borrowed(const borrowed&) = delete;
  borrowed& operator=(const borrowed&) = delete;
  ~borrowed() { give_back(); }

  /// Sets the note that the lender is told with it. One without a note was
  /// never used.
  void note(json what) { note_ = std::move(what); }

 private:
  void give_back() noexcept;

  std::shared_ptr<supervisor_client> line_;
  std::uint64_t number_;
  json note_;
};

/// The result of a call.
struct call_result {
  std::optional<error> failure = {};
  wire::bytes body = {};
  std::optional<borrowed> with = {};
};

/// A call on its way. The destructor answers one that is not answered, so that
/// its wait always ends.
class call_order final : public detail::payload {
 public:
  call_order(std::shared_ptr<supervisor_client> from, std::uint64_t of_number,
             detail::waker who, wire::call asked) noexcept;
  ~call_order() override;

  void answer(call_result result);
  void fail(errc code, std::string why);
  /// Returns the loan that comes with the answer, for the caller.
  [[nodiscard]] borrowed lend() const;

  const std::uint64_t number;
  /// Moved from when it goes out.
  wire::call what;

 private:
  std::shared_ptr<supervisor_client> line_;
  /// Empty if nobody waits, or once it is answered.
  detail::waker who_;
};
using call_order_ptr = caf::intrusive_ptr<call_order>;

/// The messages by which calls reach a `worker_link`.
namespace call_message {
struct call {
  call_order_ptr order;
};
struct end {
  wire::end_call what;
};
}  // namespace call_message

/// The way from a worker's process to its supervisor, for what is shared.
///
/// Thread safety: internally synchronised.
class supervisor_client
    : public std::enable_shared_from_this<supervisor_client> {
 public:
  using link_address = detail::address<call_message::call, call_message::end>;

  supervisor_client(link_address link, std::size_t message_max)
      : link_(std::move(link)), message_max_(message_max) {}

  /// Asks, and wakes `who` with a `call_result`. The result names the call.
  /// Errors: throws `errc::too_large`.
  std::uint64_t call(wire::call what, detail::waker who);
  void end(wire::end_call what) noexcept;

 private:
  const link_address link_;
  const std::size_t message_max_;
  std::atomic<std::uint64_t> last_{0};
};

/// Awaitable: asks the supervisor. Gives the body of the answer, and what was
/// lent with it.
///
/// Errors: throws those of the answer; `errc::request_failed` without a
/// supervisor, and when it is lost; `errc::overloaded`; `errc::too_large`.
/// Cancellation: the supervisor is told, and takes back what it lent.
class [[nodiscard]] remote_call final : private detail::waiter {
 public:
  struct reply {
    json body = {};
    std::optional<borrowed> with = {};
  };

  remote_call(std::shared_ptr<supervisor_client> line, std::string service,
              std::string name, const json& body);
  remote_call(const remote_call&) = delete;
  remote_call& operator=(const remote_call&) = delete;
  ~remote_call();

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    begin(host, enlist(host, self));
  }
  reply await_resume();

 private:
  void begin(detail::fiber_owner& host, detail::wake_key key);
  void receive(void* answer) override;

  std::shared_ptr<supervisor_client> line_;
  wire::call what_;
  std::uint64_t number_ = 0;
  call_result result_;
};

}  // namespace troupe::remote
