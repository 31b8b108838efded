#include "actor/lite_actor.hpp"

#include "actor/manual_queue.hpp"
#include "threads/node_thread.hpp"

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace troupe::detail {

namespace {

using link = std::uintptr_t;

// States of a mailbox without entries: being emptied by a turn that runs or is
// about to, waiting to be woken, and ended.
constexpr link empty = 0;
constexpr link idle = 2;
constexpr link closed = 4;
// Marks entries that are elements of CAF's.
constexpr link foreign = 1;

std::atomic<long> live_actors{0};

// True while this thread is inside a turn taken in place.
thread_local bool in_place = false;

bool is_entry(link entry) {
  return entry != empty && entry != idle && entry != closed;
}

caf::mailbox_element* as_element(link entry) {
  return reinterpret_cast<caf::mailbox_element*>(entry & ~foreign);
}

}  // namespace

// -- channel ------------------------------------------------------------------

link lite_actor::next_of(link entry) noexcept {
  return (entry & foreign) != 0
             ? reinterpret_cast<link>(as_element(entry)->next)
             : reinterpret_cast<envelope*>(entry)->next_;
}

void lite_actor::chain(link entry, link next) noexcept {
  if ((entry & foreign) != 0) {
    auto* element = as_element(entry);
    element->next = reinterpret_cast<decltype(element->next)>(next);
  } else {
    reinterpret_cast<envelope*>(entry)->next_ = next;
  }
}

lite_actor::push_result lite_actor::push(link entry) noexcept {
  auto top = newest_.load(std::memory_order_acquire);
  do {
    if (top == closed) {
      return push_result::closed;
    }
    chain(entry, top == idle ? empty : top);
  } while (!newest_.compare_exchange_weak(top, entry, std::memory_order_acq_rel,
                                          std::memory_order_acquire));
  return top == idle ? push_result::woke : push_result::queued;
}

lite_actor::push_result lite_actor::push(
    std::unique_ptr<envelope> sent) noexcept {
  const auto result = push(reinterpret_cast<link>(sent.get()));
  if (result != push_result::closed) {
    static_cast<void>(sent.release());
  }
  return result;
}

bool lite_actor::take(caf::mailbox_element_ptr& element, exec_ctx* from) {
  const auto result = push(reinterpret_cast<link>(element.get()) | foreign);
  if (result != push_result::closed) {
    static_cast<void>(element.release());
  }
  if (result == push_result::woke) {
    run_soon(from);
  }
  return result != push_result::closed;
}

bool lite_actor::take_all() noexcept {
  auto entry = newest_.exchange(empty, std::memory_order_acquire);
  while (entry != empty) {
    const auto next = next_of(entry);
    chain(entry, oldest_);
    oldest_ = entry;
    entry = next;
  }
  return oldest_ != empty;
}

void lite_actor::close_mailbox() noexcept {
  auto entry = newest_.exchange(closed, std::memory_order_acq_rel);
  if (!is_entry(entry)) {
    entry = empty;
  }
  for (auto* rest : {&oldest_, &entry}) {
    while (*rest != empty) {
      const auto current = std::exchange(*rest, next_of(*rest));
      if ((current & foreign) != 0) {
        const caf::mailbox_element_ptr element{as_element(current)};
        try {
          refuse(*element);
        } catch (const std::bad_alloc&) {
          // The asking actor has a time limit, and watches this actor.
        }
      } else {
        delete reinterpret_cast<envelope*>(current);
      }
    }
  }
}

bool lite_actor::has_mail() const noexcept {
  return oldest_ != empty || newest_.load(std::memory_order_relaxed) != empty;
}

// -- turns --------------------------------------------------------------------

lite_actor::lite_actor(caf::actor_config& config, home& at)
    : own_actor(config), home_{at}, newest_{idle} {
  live_actors.fetch_add(1, std::memory_order_relaxed);
}

lite_actor::~lite_actor() {
  live_actors.fetch_sub(1, std::memory_order_relaxed);
}

long lite_actor::live() noexcept {
  return live_actors.load(std::memory_order_relaxed);
}

void lite_actor::run_soon(exec_ctx* from) {
  intrusive_ptr_add_ref(this);
  if (home_.queue != nullptr) {
    home_.queue->push(this);
  } else {
    run_later(home_.system, from, this);
  }
}

void lite_actor::launch(exec_ctx* from, bool lazy, bool hide) {
  if (!hide) {
    register_at_system();
  }
  if (!lazy) {
    wake(*this, from);
  }
}

caf::resumable::resume_result lite_actor::resume(exec_ctx* from,
                                                 std::size_t budget) {
  const node_thread mark;
  context(from);
  bool more = false;
  try {
    more = work(budget);
  } catch (const std::exception& thrown) {
    const char* const text = thrown.what();
    quit_with(text == nullptr ? "an exception without a text" : text);
  } catch (...) {
    quit_with("not a std::exception");
  }
  if (stopping_) {
    end(from);
    return done;
  }
  auto none = empty;
  if (more ||
      !newest_.compare_exchange_strong(none, idle, std::memory_order_acq_rel)) {
    return resume_later;
  }
  // Another thread may run this actor from here on.
  return awaiting_message;
}

// Returns whether there is more to do.
bool lite_actor::work(std::size_t budget) {
  if (!started_) {
    started_ = true;
    on_start();
  }
  for (; budget > 0 && !stopping_ && (oldest_ != empty || take_all());
       --budget) {
    open_oldest();
  }
  if (again_ && !stopping_) {
    again_ = false;
    on_turn();
  }
  return again_ || has_mail();
}

void lite_actor::open_oldest() {
  const auto entry = std::exchange(oldest_, next_of(oldest_));
  if ((entry & foreign) == 0) {
    const std::unique_ptr<envelope> owned{reinterpret_cast<envelope*>(entry)};
    owned->open(*this);
    return;
  }
  const caf::mailbox_element_ptr owned{as_element(entry)};
  owned->next = nullptr;
  struct current {
    explicit current(caf::mailbox_element*& place, caf::mailbox_element* now)
        : place_{place} {
      place_ = now;
    }
    ~current() { place_ = nullptr; }
    caf::mailbox_element*& place_;
  } const during{current_element_, owned.get()};
  deliver(*owned);
}

void lite_actor::deliver(caf::mailbox_element& element) {
  if (holds<caf::exit_msg>(element)) {
    auto& reason = content_as<caf::exit_msg>(element).reason;
    if (reason) {
      quit(std::move(reason));
    }
  } else if (holds<caf::down_msg>(element)) {
    on_down(content_as<caf::down_msg>(element));
  } else if (element.mid.is_response()) {
    const auto number = element.mid.request_id().integer_value();
    if (holds<caf::error>(element)) {
      on_error_response(number, content_as<caf::error>(element));
    } else {
      auto content = take_content(element);
      on_response(number, content);
    }
  } else {
    on_message(element);
  }
}

void lite_actor::quit(caf::error reason) {
  if (!stopping_) {
    stopping_ = true;
    fail_state_ = std::move(reason);
  }
}

// Quits without a reason if there is no memory for one.
void lite_actor::quit_with(const char* why) noexcept {
  try {
    quit(caf::make_error(caf::sec::runtime_error, std::string{why}));
  } catch (const std::bad_alloc&) {
    quit();
  }
}

void lite_actor::end(exec_ctx* from) noexcept {
  if (!ended_) {
    ended_ = true;
    on_stop(fail_state_);
    close_mailbox();
    try {
      tell_end(std::move(fail_state_), from);
    } catch (const std::bad_alloc&) {
      // Those that watch it and are not told have time limits.
    }
    on_ended();
  }
}

void lite_actor::lost() noexcept {
  if (!ended_) {
    // This may be any thread, so the worker that ran it last is not ours.
    context(nullptr);
    try {
      quit(caf::make_error(caf::exit_reason::unreachable));
    } catch (const std::bad_alloc&) {
      quit();
    }
    end(nullptr);
  }
}

// -- defaults of the callbacks ------------------------------------------------

void lite_actor::on_timer_due(timer_due) {}
void lite_actor::on_response(std::uint64_t, caf::message&) {}
void lite_actor::on_error_response(std::uint64_t, const caf::error&) {}
void lite_actor::on_down(const caf::down_msg&) {}
void lite_actor::on_stop(const caf::error&) noexcept {}

void lite_actor::on_message(caf::mailbox_element& message) {
  if (message.mid.is_request() && message.sender) {
    detail::enqueue(
        message.sender, nullptr, message.mid.response_id(),
        caf::make_message(caf::make_error(caf::sec::unexpected_message)),
        context());
    message.mid.mark_as_answered();
  }
}

// -- talking to other actors --------------------------------------------------

caf::actor lite_actor::handle() {
  return caf::actor_cast<caf::actor>(caf::strong_actor_ptr{ctrl()});
}

std::uint64_t lite_actor::request(const caf::actor& to, caf::message content) {
  const auto id = new_request_id(caf::message_priority::normal);
  const caf::strong_actor_ptr self{ctrl()};
  if (to) {
    detail::enqueue(caf::actor_cast<caf::strong_actor_ptr>(to), self, id,
                    std::move(content), context());
  } else {
    detail::enqueue(
        self, nullptr, id.response_id(),
        caf::make_message(caf::make_error(caf::sec::invalid_argument)),
        context());
  }
  return id.request_id().integer_value();
}

void lite_actor::tell(const caf::actor& to, caf::message content) {
  if (to) {
    detail::enqueue(caf::actor_cast<caf::strong_actor_ptr>(to),
                    caf::strong_actor_ptr{ctrl()}, caf::make_message_id(),
                    std::move(content), context());
  }
}

void lite_actor::watch(const caf::actor& other) { watch_actor(other); }

void lite_actor::unwatch(const caf::actor& other) { unwatch_actor(other); }

bool post(lite_actor& to, std::unique_ptr<envelope> sent,
          exec_ctx* from) noexcept {
  const auto result = to.push(std::move(sent));
  if (result == lite_actor::push_result::woke) {
    to.run_soon(from);
  }
  return result != lite_actor::push_result::closed;
}

bool post_in_place(lite_actor& self, lite_actor& to,
                   std::unique_ptr<envelope> sent) {
  if (in_place) {
    return post(to, std::move(sent), self.context());
  }
  const auto result = to.push(std::move(sent));
  if (result == lite_actor::push_result::woke) {
    const lite_ptr<lite_actor> held{&to};
    in_place = true;
    const auto outcome = to.resume(self.context(), 1);
    in_place = false;
    if (outcome == caf::resumable::resume_later) {
      to.run_soon(self.context());
    }
  }
  return result != lite_actor::push_result::closed;
}

void wake(lite_actor& target, exec_ctx* from) {
  auto expected = idle;
  if (target.newest_.compare_exchange_strong(expected, empty,
                                             std::memory_order_acq_rel)) {
    target.run_soon(from);
  }
}

}  // namespace troupe::detail
