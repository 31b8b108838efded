#pragma once

#include "actor/address.hpp"
#include "core/fiber_actor.hpp"
#include "sharing/shared_service.hpp"
#include "sharing/switchboard.hpp"
#include "wire/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::remote {

/// The messages to a `service_desk`, and those that it sends. `worker` is the
/// number that the gateway gave it.
namespace desk_message {
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
}  // namespace desk_message

/// Where the calls of all workers are served, each by a coroutine, and what is
/// lent to them is kept.
class service_desk final : public detail::fiber_actor {
 public:
  using messages =
      detail::message_set<desk_message::call, desk_message::end_call,
                          desk_message::worker_lost, desk_message::stop>;
  using answer_address = detail::address<desk_message::answer>;

  service_desk(caf::actor_config& config, detail::home& at,
               detail::system_core& core, std::shared_ptr<switchboard> board,
               std::size_t message_max);

  /// Where answers go. Called before the first call.
  void answer_to(answer_address gateway) { gateway_ = std::move(gateway); }

 private:
  /// The number of the worker, and that of the call.
  using place = std::pair<std::uint64_t, std::uint64_t>;

  class served final : public detail::completion {
   public:
    served(service_desk& at, place where) : desk_(at), where_(where) {}
    void on_complete() noexcept override { desk_.ready_.push_back(where_); }

    std::shared_ptr<shared_service> service;
    /// Of what was asked.
    std::size_t memory = 0;
    task<served_answer> work;
    std::unique_ptr<lent> with;

   private:
    service_desk& desk_;
    const place where_;
  };

  struct caller {
    std::map<std::uint64_t, served> calls = {};
    /// Of what is asked in all of them.
    std::size_t memory = 0;
  };

  friend class detail::letter;

  void on(desk_message::call&& asked);
  void on(const desk_message::end_call& ended);
  void on(desk_message::worker_lost lost);
  void on(desk_message::stop) { quit(); }
  void on_fibers() override;
  void on_timer(detail::wake_key) override {}
  void on_stop(const caf::error& reason) noexcept override;

  /// Errors: throws `errc::overloaded` for one call too many.
  void check_room(const caller& of, std::size_t memory) const;
  void finish(place where);
  void answer(std::uint64_t worker, wire::answer what);
  void refuse(place where, const error& why);

  const std::shared_ptr<switchboard> board_;
  const std::size_t message_max_;
  answer_address gateway_;
  std::map<std::uint64_t, caller> workers_;
  /// Those that have ended while they waited.
  std::vector<place> ready_;
};

}  // namespace troupe::remote
