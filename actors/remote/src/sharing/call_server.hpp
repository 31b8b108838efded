#pragma once

#include "actor/address.hpp"
#include "core/fiber_actor.hpp"
#include "sharing/shared_registry.hpp"
#include "sharing/shared_service.hpp"
#include "wire/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::remote {

/// The messages to a `call_server`, and those that it sends. `worker` is the
/// number that the gateway gave it.
namespace call_server_message {
struct call {
  std::uint64_t worker;
  wire::call what;
};
struct end_call {
  std::uint64_t worker;
  wire::end_call what;
};
struct worker_lost {
  std::uint64_t worker;
};
struct stop {};
/// To the gateway.
struct answer {
  std::uint64_t worker;
  wire::answer what;
};
}  // namespace call_server_message

/// The server of the calls of all workers: each call is served by a coroutine,
/// and what is lent to them is kept.
class call_server final : public detail::fiber_actor {
 public:
  using messages = detail::message_set<
      call_server_message::call, call_server_message::end_call,
      call_server_message::worker_lost, call_server_message::stop>;
  using answer_address = detail::address<call_server_message::answer>;

  call_server(caf::actor_config& config, detail::home& at,
              detail::system_core& core, std::shared_ptr<shared_registry> board,
              std::size_t message_max);

  /// Sets the receiver of answers. Called before the first call.
  void answer_to(answer_address gateway) { gateway_ = std::move(gateway); }

 private:
  /// The number of the worker, and that of the call.
  using place = std::pair<std::uint64_t, std::uint64_t>;

  class served final : public detail::completion {
   public:
    served(call_server& at, place where) : desk_(at), where_(where) {}
    void on_complete() noexcept override { desk_.ready_.push_back(where_); }

    std::shared_ptr<shared_service> service;
    /// Of what was asked.
    std::size_t memory = 0;
    task<served_answer> work;
    std::unique_ptr<lent> with;

   private:
    call_server& desk_;
    const place where_;
  };

  struct caller {
    std::map<std::uint64_t, served> calls = {};
    /// Of what is asked in all of them.
    std::size_t memory = 0;
  };

  friend class detail::envelope;

  void on(call_server_message::call&& asked);
  void on(const call_server_message::end_call& ended);
  void on(call_server_message::worker_lost lost);
  void on(call_server_message::stop) { quit(); }
  void on_fibers() override;
  void on_timer(detail::wake_key) override {}
  void on_stop(const caf::error& reason) noexcept override;

  /// Errors: throws `errc::overloaded` for one call too many.
  void check_room(const caller& of, std::size_t memory) const;
  void finish(place where);
  void answer(std::uint64_t worker, wire::answer what);
  void refuse(place where, const error& why);

  const std::shared_ptr<shared_registry> board_;
  const std::size_t message_max_;
  answer_address gateway_;
  std::map<std::uint64_t, caller> workers_;
  /// Those that have ended while they waited.
  std::vector<place> ready_;
};

}  // namespace troupe::remote
