#include "caf/caf_version.hpp"

#include <caf/detail/sync_request_bouncer.hpp>

namespace troupe::detail {

#if TROUPE_CAF_1

void run_later(caf::actor_system& system, exec_ctx* from, caf::resumable* job) {
  // A worker runs a delayed job before all that it has queued, so two actors
  // that wake each other would keep out the rest.
  constexpr unsigned streak_max = 64;
  thread_local unsigned streak = 0;
  if (from == nullptr) {
    system.scheduler().schedule(job);
  } else if (++streak % streak_max == 0) {
    from->schedule(job);
  } else {
    from->delay(job);
  }
}

#else

void run_later(caf::actor_system& system, exec_ctx* from, caf::resumable* job) {
  if (from == nullptr) {
    system.scheduler().enqueue(job);
  } else {
    from->exec_later(job);
  }
}

#endif

#if TROUPE_CAF_1
own_ctx::own_ctx(caf::actor_system&) {}
#else
own_ctx::own_ctx(caf::actor_system& system) : exec_ctx{&system} {}
#endif

void refuse(const caf::mailbox_element& request) {
  caf::detail::sync_request_bouncer bounce{
      caf::make_error(caf::sec::request_receiver_down)};
  bounce(request);
}

#if TROUPE_CAF_1

void own_actor::tell_end(caf::error&& reason, exec_ctx* from) {
  cleanup(std::move(reason), from);
}

void own_actor::watch_actor(const caf::actor& other) {
  do_monitor(caf::actor_cast<caf::abstract_actor*>(other),
             caf::message_priority::normal);
}

void own_actor::unwatch_actor(const caf::actor& other) {
  do_demonitor(caf::actor_cast<caf::strong_actor_ptr>(other));
}

bool own_actor::enqueue(caf::mailbox_element_ptr element, exec_ctx* from) {
  const auto taken = take(element, from);
  if (!taken) {
    refuse(*element);
  }
  return taken;
}

void own_actor::ref_resumable() const noexcept {
  caf::intrusive_ptr_add_ref(ctrl());
}

void own_actor::deref_resumable() const noexcept {
  caf::intrusive_ptr_release(ctrl());
}

#else

void own_actor::tell_end(caf::error&& reason, exec_ctx* from) {
  unregister_from_system();
  caf::monitorable_actor::cleanup(std::move(reason), from);
}

void own_actor::watch_actor(const caf::actor& other) {
  monitor(caf::actor_cast<caf::abstract_actor*>(other),
          caf::message_priority::normal);
}

void own_actor::unwatch_actor(const caf::actor& other) { demonitor(other); }

void own_actor::enqueue(caf::mailbox_element_ptr element, exec_ctx* from) {
  if (!take(element, from)) {
    refuse(*element);
  }
}

void own_actor::intrusive_ptr_add_ref_impl() {
  caf::intrusive_ptr_add_ref(ctrl());
}

void own_actor::intrusive_ptr_release_impl() {
  caf::intrusive_ptr_release(ctrl());
}

// Less than what CAF does: it also has its clock forget this actor, which
// never uses that.
bool own_actor::cleanup(caf::error&& reason, exec_ctx* from) {
  tell_end(std::move(reason), from);
  return true;
}

#endif

std::string option_name(std::string_view name) {
#if TROUPE_CAF_1
  return "caf." + std::string{name};
#else
  return std::string{name};
#endif
}

void set_scheduler(caf::actor_system_config& config, std::size_t threads,
                   std::size_t throughput) {
  config.set(option_name("scheduler.max-threads"), threads);
  config.set(option_name("scheduler.max-throughput"), throughput);
#if TROUPE_CAF_1
  // A worker that polls steals the job that the running one is about to take.
  config.set("caf.work-stealing.aggressive-poll-attempts", std::size_t{0});
  config.set("caf.work-stealing.moderate-poll-attempts", std::size_t{0});
#endif
}

void set_scheduler_policy(caf::actor_system_config& config,
                          const std::string& name) {
#if TROUPE_CAF_1
  config.set("caf.scheduler.policy", name);
#else
  // Here names are atoms.
  config.set("scheduler.policy",
             name == "sharing" ? caf::atom("sharing") : caf::atom("stealing"));
#endif
}

bool ended_unanswered(const caf::actor& asked, const caf::error& why) {
#if TROUPE_CAF_1
  // An actor that ends drops its promises, and so may one that lives on.
  const auto* actor = caf::actor_cast<caf::abstract_actor*>(asked);
  if (why == caf::sec::broken_promise) {
    return actor->getf(caf::abstract_actor::is_terminated_flag);
  }
#else
  static_cast<void>(asked);
#endif
  return why == caf::sec::request_receiver_down;
}

}  // namespace troupe::detail
