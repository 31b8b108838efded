#pragma once

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

/// The kinds of signals between a gateway and its desk. `generation` is the
/// number of the worker.
namespace desk_signal {
/// To the desk: `body` is a `desk_call`.
inline constexpr std::uint32_t call = detail::signal_kind::own + 30;
/// To the desk: `body` is a `desk_end`.
inline constexpr std::uint32_t end = detail::signal_kind::own + 31;
/// To the desk: the worker is gone.
inline constexpr std::uint32_t lost = detail::signal_kind::own + 32;
inline constexpr std::uint32_t stop = detail::signal_kind::own + 33;
/// To the gateway: `body` is a `desk_answer`.
inline constexpr std::uint32_t answer = detail::signal_kind::own + 34;
}  // namespace desk_signal

template <class T>
class desk_body final : public detail::payload {
 public:
  explicit desk_body(T content) : what(std::move(content)) {}
  T what;
};
using desk_call = desk_body<wire::call>;
using desk_end = desk_body<wire::end_call>;
using desk_answer = desk_body<wire::answer>;

/// The server of the calls of all workers: each call is served by a coroutine,
/// and what is lent to them is kept.
class service_desk final : public detail::fiber_actor {
 public:
  service_desk(caf::actor_config& config, detail::home& at,
               detail::system_core& core, std::shared_ptr<switchboard> board,
               std::size_t message_max);

  /// Where answers go. Called before the first call.
  void answer_to(detail::lite_ptr<detail::lite_actor> gateway) {
    gateway_ = std::move(gateway);
  }

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

  void on_mail(detail::signal& received) override;
  void on_fibers() override;
  void on_timer(detail::wake_key) override {}
  void on_stop(const caf::error& reason) noexcept override;

  void begin(std::uint64_t worker, wire::call asked);
  /// Errors: throws `errc::overloaded` for one call too many.
  void check_room(const caller& of, std::size_t memory) const;
  void end(std::uint64_t worker, const wire::end_call& ended);
  void lose(std::uint64_t worker);
  void finish(place where);
  void answer(std::uint64_t worker, wire::answer what);
  void refuse(place where, const error& why);

  const std::shared_ptr<switchboard> board_;
  const std::size_t message_max_;
  detail::lite_ptr<detail::lite_actor> gateway_;
  std::map<std::uint64_t, caller> workers_;
  /// Those that have ended while they waited.
  std::vector<place> ready_;
};

}  // namespace troupe::remote
