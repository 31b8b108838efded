#pragma once

// The differences between the versions of CAF, for the sources only. The
// installed header of the same name has the rest.

#include <troupe/detail/caf_version.hpp>

#include <caf/all.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#if TROUPE_CAF_1
#include <caf/scheduler.hpp>
#else
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#endif

namespace troupe::detail {

/// The object that runs actors and takes those they wake. Passed from a running
/// actor to what it sends, so that the woken one runs next on the same thread.
#if TROUPE_CAF_1
using exec_ctx = caf::scheduler;
#else
using exec_ctx = caf::execution_unit;
#endif

/// Hands a woken `job` to `from`, or, where that is null, to the scheduler of
/// `system`. The job carries one reference, which is handed over too.
void run_later(caf::actor_system& system, exec_ctx* from, caf::resumable* job);

/// A context that is not one of CAF's workers.
class own_ctx : public exec_ctx {
 public:
  explicit own_ctx(caf::actor_system& system);

 private:
  /// Takes a woken job with the reference that it carries.
  virtual void take(caf::resumable* job) = 0;

#if TROUPE_CAF_1
  void schedule(caf::resumable* job) final { take(job); }
  void delay(caf::resumable* job) final { take(job); }
  void start() final {}
  void stop() final {}
#else
  void exec_later(caf::resumable* job) final { take(job); }
#endif
};

/// Drops the reference that a scheduled `job` carries.
inline void release(caf::resumable* job) { intrusive_ptr_release(job); }

/// Puts a message into an actor's mailbox. Request ids are `caf::message_id`.
inline void enqueue(const caf::strong_actor_ptr& to,
                    caf::strong_actor_ptr sender, caf::message_id id,
                    caf::message content, exec_ctx* from) {
#if TROUPE_CAF_1
  to->enqueue(
      caf::make_mailbox_element(std::move(sender), id, std::move(content)),
      from);
#else
  to->enqueue(std::move(sender), id, std::move(content), from);
#endif
}

/// Takes the content out of a mailbox element.
inline caf::message take_content(caf::mailbox_element& element) {
#if TROUPE_CAF_1
  return std::move(element.payload);
#else
  return element.move_content_to_message();
#endif
}

/// Returns whether the content of `element` is exactly one `T`.
template <class T>
bool holds(const caf::mailbox_element& element) {
#if TROUPE_CAF_1
  return element.content().template match_elements<T>();
#else
  // The token alone does not tell apart types without an id, so it is only
  // good for CAF's own types.
  return element.content().type_token() == caf::make_type_token<T>();
#endif
}

/// The one `T` in `element`, to be moved from. Requires `holds<T>`.
template <class T>
T& content_as(caf::mailbox_element& element) {
  return element.content().template get_mutable_as<T>(0);
}

/// The name of a configuration option of CAF: "scheduler.max-threads" becomes
/// "caf.scheduler.max-threads" where CAF wants that.
[[nodiscard]] std::string option_name(std::string_view name);

/// Sets how many threads run actors, and how many messages an actor may take
/// before it lets others run.
void set_scheduler(caf::actor_system_config& config, std::size_t threads,
                   std::size_t throughput);

/// Chooses one of CAF's own schedulers: "stealing" or "sharing".
void set_scheduler_policy(caf::actor_system_config& config,
                          const std::string& name);

/// Tells CAF 1.x about the types of an id block. Must come before the first
/// `caf::actor_system`. CAF 0.17.6 needs it only for types that are sent to
/// other processes.
template <class Block>
void add_types() {
#if TROUPE_CAF_1
  caf::init_global_meta_objects<Block>();
  caf::core::init_global_meta_objects();
#endif
}

/// The text of an error of CAF's, for people.
inline std::string text_of(const caf::actor_system& system,
                           const caf::error& why) {
#if TROUPE_CAF_1
  static_cast<void>(system);
  return to_string(why);
#else
  return system.render(why);
#endif
}

/// The base of an actor that has a mailbox of its own kind and runs itself.
class own_actor : public caf::local_actor, public caf::resumable {
 public:
  using signatures = caf::none_t;
  using behavior_type = caf::behavior;
  using caf::local_actor::local_actor;

 protected:
  /// Takes in a message. Refuses it with false; then requests get an error.
  virtual bool take(caf::mailbox_element_ptr& element, exec_ctx* from) = 0;
  /// Nobody refers to this actor any more: it must end, if it has not.
  virtual void lost() noexcept = 0;

  /// Tells those that watch this actor, and those linked to it, that it ended.
  void tell_end(caf::error&& reason, exec_ctx* from);
  void watch_actor(const caf::actor& other);
  void unwatch_actor(const caf::actor& other);

 private:
#if TROUPE_CAF_1
  bool enqueue(caf::mailbox_element_ptr element, exec_ctx* from) final;
  subtype_t subtype() const noexcept final { return unspecified; }
  void ref_resumable() const noexcept final;
  void deref_resumable() const noexcept final;
  void do_unstash(caf::mailbox_element_ptr) final {}
  void force_close_mailbox() final {}
  void on_unreachable() final { lost(); }
#else
  void enqueue(caf::mailbox_element_ptr element, exec_ctx* from) final;
  subtype_t subtype() const final { return unspecified; }
  void intrusive_ptr_add_ref_impl() final;
  void intrusive_ptr_release_impl() final;
  void on_destroy() final { lost(); }
  bool cleanup(caf::error&& reason, exec_ctx* from) final;
#endif
};

/// Returns whether `why` is CAF's answer for `asked`, which ended before its
/// own.
[[nodiscard]] bool ended_unanswered(const caf::actor& asked,
                                    const caf::error& why);

/// Answers a request that its receiver did not live to take.
void refuse(const caf::mailbox_element& request);

/// Sends from outside of any actor.
template <class Handle, class... Ts>
void anon_send(const Handle& to, Ts&&... values) {
#if TROUPE_CAF_1
  caf::anon_mail(std::forward<Ts>(values)...).send(to);
#else
  caf::anon_send(to, std::forward<Ts>(values)...);
#endif
}

/// Sends from an actor of CAF's own kinds.
template <class Self, class Handle, class... Ts>
void send(Self* self, const Handle& to, Ts&&... values) {
#if TROUPE_CAF_1
  self->mail(std::forward<Ts>(values)...).send(to);
#else
  self->send(to, std::forward<Ts>(values)...);
#endif
}

/// Sends after a span of time, on CAF's own clock.
template <class Self, class Span, class... Ts>
void delayed_send(Self* self, const caf::actor& to, Span wait, Ts&&... values) {
#if TROUPE_CAF_1
  self->mail(std::forward<Ts>(values)...).delay(wait).send(to);
#else
  self->delayed_send(to, wait, std::forward<Ts>(values)...);
#endif
}

/// Sends a request that no clock of CAF watches: its time limits stay in CAF's
/// clock after the answer, so limits are kept by `timer_service` instead.
template <class Self, class Handle, class... Ts>
auto request(Self* self, const Handle& to, Ts&&... values) {
#if TROUPE_CAF_1
  return self->mail(std::forward<Ts>(values)...).request(to, caf::infinite);
#else
  return self->request(to, caf::infinite, std::forward<Ts>(values)...);
#endif
}

}  // namespace troupe::detail
