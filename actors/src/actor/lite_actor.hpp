#pragma once

#include "actor/envelope.hpp"
#include "caf/caf_version.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::detail {

class blocking_pool;
class manual_queue;
class timer_service;

/// The data that the actors of one system share. Outlives all of them.
struct home {
  caf::actor_system& system;
  /// The queue in which actors run instead of in CAF's scheduler, in tests; or
  /// null.
  manual_queue* queue = nullptr;
  timer_service* timers = nullptr;
  blocking_pool* blocking = nullptr;
};

/// A timer is due that was armed with these numbers.
struct timer_due {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// A real CAF actor, with id, handle, links and monitors, that takes the
/// messages of its class and little else: no behaviours, no metrics, one
/// lock-free mailbox.
///
/// Every callback runs in one turn at a time, so members need no locks. What
/// escapes from one as an exception ends the actor with
/// `caf::sec::runtime_error` and its text.
///
/// It is not registered, so the system does not wait for it, unless its
/// creator calls `register_at_system()` before it first runs. It lives as long
/// as somebody refers to it; one that nobody can reach any more is ended.
class lite_actor : public own_actor {
 public:
  using messages = message_set<timer_due>;

  lite_actor(caf::actor_config& config, home& at);
  ~lite_actor() override;

  /// Returns the number of actors in this process, for tests.
  [[nodiscard]] static long live() noexcept;

  /// A handle for CAF, with which any actor can watch or stop this one.
  [[nodiscard]] caf::actor handle();
  [[nodiscard]] home& at() const noexcept { return home_; }

 protected:
  /// Before the first message.
  virtual void on_start() {}
  /// A timer is due that was armed for this actor.
  virtual void on_timer_due(timer_due which);
  /// The answer to `request()` number `request`.
  virtual void on_response(std::uint64_t request, caf::message& answer);
  virtual void on_error_response(std::uint64_t request, const caf::error& why);
  /// An actor given to `watch()` has ended.
  virtual void on_down(const caf::down_msg& down);
  /// Any other message. Refuses requests with `caf::sec::unexpected_message`.
  virtual void on_message(caf::mailbox_element& message);
  /// The turn asked for with `again()`, after this turn's messages.
  virtual void on_turn() {}
  /// Called when it ends, exactly once, also for an actor that was killed, that
  /// threw, or that nobody can reach any more. May run on any thread then. Must
  /// not call `request()` or make a handle to this actor.
  virtual void on_stop(const caf::error& reason) noexcept;
  /// Last of all: what it shares with others is not used any more.
  virtual void on_ended() noexcept {}

  /// Ends the actor when the running callback returns. The first reason counts.
  void quit(caf::error reason = {});
  /// Asks for `on_turn()`. An actor that asks again in `on_turn()` lets others
  /// run in between.
  void again() noexcept { again_ = true; }
  /// Returns whether messages wait. Cheap enough for every step of a long loop.
  [[nodiscard]] bool has_mail() const noexcept;
  /// Sends a request to any actor, and returns the number under which the
  /// answer comes back. There is no time limit: arm a timer.
  std::uint64_t request(const caf::actor& to, caf::message content);
  /// Sends a message to any actor.
  void tell(const caf::actor& to, caf::message content);
  /// Gets `on_down` once when `other` ends, at once if it has ended.
  void watch(const caf::actor& other);
  void unwatch(const caf::actor& other);

 private:
  friend class envelope;
  friend bool post(lite_actor& to, std::unique_ptr<envelope> sent,
                   exec_ctx* from) noexcept;
  friend bool post_in_place(lite_actor& self, lite_actor& to,
                            std::unique_ptr<envelope> sent);
  friend void wake(lite_actor& target, exec_ctx* from);

  // The mailbox is a stack of links. A link is the address of the newest
  // entry; its lowest bit tells whether it is an element of CAF's, else it is
  // an envelope.
  using link = std::uintptr_t;
  enum class push_result { closed, queued, woke };

  static link next_of(link entry) noexcept;
  static void chain(link entry, link next) noexcept;
  push_result push(link entry) noexcept;
  push_result push(std::unique_ptr<envelope> sent) noexcept;
  void run_soon(exec_ctx* from);
  bool take_all() noexcept;
  bool work(std::size_t budget);
  void open_oldest();
  void deliver(caf::mailbox_element& element);
  void on(timer_due which) { on_timer_due(which); }
  void end(exec_ctx* from) noexcept;
  void close_mailbox() noexcept;
  void quit_with(const char* why) noexcept;

  bool take(caf::mailbox_element_ptr& element, exec_ctx* from) final;
  void lost() noexcept final;
  void launch(exec_ctx* from, bool lazy, bool hide) final;
  resume_result resume(exec_ctx* from, std::size_t budget) final;

  home& home_;
  std::atomic<link> newest_;
  // The rest of the last batch taken from the mailbox, oldest first.
  link oldest_ = 0;
  bool started_ = false;
  bool again_ = false;
  bool stopping_ = false;
  bool ended_ = false;
};

inline void intrusive_ptr_add_ref(const lite_actor* actor) noexcept {
  caf::intrusive_ptr_add_ref(caf::actor_control_block::from(actor));
}
inline void intrusive_ptr_release(const lite_actor* actor) noexcept {
  caf::intrusive_ptr_release(caf::actor_control_block::from(actor));
}

/// A strong pointer to a lite actor of a known class.
template <class T>
using lite_ptr = caf::intrusive_ptr<T>;

/// Puts an envelope into the mailbox of `to`; see `send_to`.
bool post(lite_actor& to, std::unique_ptr<envelope> sent,
          exec_ctx* from) noexcept;
bool post_in_place(lite_actor& self, lite_actor& to,
                   std::unique_ptr<envelope> sent);

/// Sends a message. `from` is the context of the sender while it runs
/// (`context()`), else null. Returns false if `to` has ended.
///
/// One that fits into an envelope does not fail for want of memory, because
/// much of what is sent ends or gives back something, from a destructor: there
/// are 65,536 envelopes in reserve, and when these are under way as well it
/// waits for memory.
template <class Actor, class Message>
  requires(std::is_base_of_v<lite_actor, Actor>)
bool send_to(Actor& to, Message message,
             exec_ctx* from = nullptr) noexcept(envelope::holds<Message>) {
  static_assert(takes<Actor, Message>, "this actor takes no such message");
  return post(
      to, envelope::with(envelope::kind_of<Actor, Message>, std::move(message)),
      from);
}

/// Sends a message from `self`, which is running, and gives `to` its turn
/// before returning, if it was idle. Inside of such a turn this is the same as
/// `send_to`.
template <class Actor, class Message>
bool send_in_place(lite_actor& self, Actor& to, Message message) {
  static_assert(takes<Actor, Message>, "this actor takes no such message");
  return post_in_place(
      self, to,
      envelope::with(envelope::kind_of<Actor, Message>, std::move(message)));
}

/// Lets an actor run `on_start` without a message, if it has not yet.
void wake(lite_actor& target, exec_ctx* from = nullptr);

/// Makes an actor of class `T` with `T(config, at, args...)`. It starts to run
/// with its first message. `from` is as for `send_to`.
template <class T, class... Args>
lite_ptr<T> spawn_lite(home& at, exec_ctx* from, Args&&... args) {
  caf::actor_config config{from};
  config.flags = caf::abstract_actor::is_hidden_flag;
  // The same as make_actor, less its metrics and logging.
  auto* block = new caf::actor_storage<T>(at.system.next_actor_id(),
                                          at.system.node(), &at.system, config,
                                          at, std::forward<Args>(args)...);
  return lite_ptr<T>{&block->data, false};
}

}  // namespace troupe::detail
