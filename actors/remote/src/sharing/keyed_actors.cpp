#include "core/system_core.hpp"
#include "sharing/keyed_router.hpp"
#include "sharing/shared_registry.hpp"
#include "wire/name_rule.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/printable.hpp>
#include <troupe/remote/keyed_actors.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <utility>

namespace troupe::remote {

namespace {

constexpr auto kind = "keyed actor";

/// Awaitable: gives a message to an actor of this process.
class [[nodiscard]] keyed_wait final : private detail::waiter {
 public:
  keyed_wait(keyed_directory& to, const std::string& key, json message)
      : to_(to), key_(key), message_(std::move(message)) {}
  keyed_wait(const keyed_wait&) = delete;
  keyed_wait& operator=(const keyed_wait&) = delete;
  ~keyed_wait() {
    if (host() != nullptr) is_gone_->store(true);
  }

  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    begin(host, enlist(host, self));
  }
  json await_resume() {
    if (reply_.failure) throw error{*reply_.failure};
    return std::move(reply_.body);
  }

 private:
  void begin(detail::fiber_owner& host, detail::wake_key key) {
    auto& owner = detail::fiber_actor::of(host, "ask another actor");
    to_.deliver(key_, caf::make_counted<keyed_order>(
                          owner.waker_for(key), std::move(message_), is_gone_));
  }
  void receive(void* answer) override {
    reply_ = std::move(*static_cast<keyed_reply*>(answer));
  }

  keyed_directory& to_;
  const std::string& key_;
  json message_;
  const std::shared_ptr<std::atomic<bool>> is_gone_ =
      std::make_shared<std::atomic<bool>>(false);
  keyed_reply reply_;
};

void check_key(const std::string& key) {
  if (is_name(key, peer_limits::key_bytes)) return;
  throw error{errc::bad_value,
              "invalid key '" + printable(key, line_breaks::joined, 40) +
                  "' of " + std::to_string(key.size()) +
                  " bytes: give at most " +
                  std::to_string(peer_limits::key_bytes) +
                  " bytes of UTF-8 without control characters"};
}

void check(const keyed_options& options) {
  const auto refuse = [](const char* what) {
    throw error{errc::bad_flow, std::string{"keyed_options."} + what};
  };
  if (options.messages_max < 1) refuse("messages_max must be at least 1");
  if (options.keys_max < 1) refuse("keys_max must be at least 1");
  if (options.idle_max <= duration::zero()) {
    refuse("idle_max must be more than zero");
  }
}

}  // namespace

/// The shared state of the handles of one name in a system.
class keyed_core final : public shared_service,
                         public std::enable_shared_from_this<keyed_core> {
 public:
  keyed_core(std::shared_ptr<shared_registry> board, std::string name)
      : board_(std::move(board)), name_(std::move(name)) {}
  ~keyed_core() override {
    close();
    board_->forget(kind, name_);
  }

  static std::shared_ptr<keyed_core> find_or_make(system& where,
                                                  const std::string& name);
  void open(detail::system_core& core, keyed_actors::maker make,
            const keyed_options& options);
  static task<json> ask(std::shared_ptr<keyed_core> self, std::string key,
                        json message);
  /// Null if nothing here makes actors.
  [[nodiscard]] std::shared_ptr<keyed_directory> directory() const {
    const std::lock_guard lock{mutex_};
    return directory_;
  }

  task<served_answer> serve(json asked) override {
    return serve_as(shared_from_this(), std::move(asked));
  }
  void close() noexcept override {
    if (const auto open = directory()) open->close();
  }

 private:
  static task<served_answer> serve_as(std::shared_ptr<keyed_core> self,
                                      json asked);

  const std::shared_ptr<shared_registry> board_;
  const std::string name_;
  mutable std::mutex mutex_;
  std::shared_ptr<keyed_directory> directory_;
};

std::shared_ptr<keyed_core> keyed_core::find_or_make(system& where,
                                                     const std::string& name) {
  const auto board = shared_registry::of(where.core());
  return board->share<keyed_core>(
      kind, name, [&] { return std::make_shared<keyed_core>(board, name); });
}

void keyed_core::open(detail::system_core& core, keyed_actors::maker make,
                      const keyed_options& options) {
  const std::lock_guard lock{mutex_};
  if (directory_) return;
  directory_ =
      std::make_shared<keyed_directory>(core, std::move(make), options);
}

// A call is a key and a message.
task<json> keyed_core::ask(std::shared_ptr<keyed_core> self, std::string key,
                           json message) {
  check_key(key);
  if (auto line = self->board_->supervisor()) {
    json asked = json::array();
    asked.push_back(std::move(key));
    asked.push_back(std::move(message));
    remote_call asking{std::move(line), kind, self->name_, asked};
    auto got = co_await asking;
    co_return std::move(got.body);
  }
  const auto to = self->directory();
  if (!to) {
    throw error{errc::request_failed,
                "this process has no function that makes the actors '" +
                    self->name_ + "'"};
  }
  keyed_wait waiting{*to, key, std::move(message)};
  co_return co_await waiting;
}

task<served_answer> keyed_core::serve_as(std::shared_ptr<keyed_core> self,
                                         json asked) {
  if (!asked.is_array() || asked.size() != 2 || !asked[0].is_string()) {
    throw error{errc::bad_value, "the call must be a key and a message"};
  }
  auto waiting =
      ask(std::move(self), asked[0].get<std::string>(), std::move(asked[1]));
  served_answer made;
  made.body = co_await waiting;
  co_return made;
}

// -- handles ------------------------------------------------------------------

namespace {

task<json> ask_within(duration limit, task<json> work) {
  detail::within_operation<json> waiting{limit, std::move(work)};
  co_return co_await waiting;
}

}  // namespace

keyed_actors::keyed_actors(system& where, std::string name, maker make,
                           keyed_options options)
    : core_(keyed_core::find_or_make(where, name)) {
  check(options);
  if (!make) {
    throw error{errc::bad_flow,
                "keyed_actors: the function that makes an actor is empty"};
  }
  core_->open(where.core(), std::move(make), options);
}

keyed_actors::keyed_actors(system& where, std::string name)
    : core_(keyed_core::find_or_make(where, name)) {}

task<json> keyed_actors::ask(std::string key, json message,
                             duration limit) const {
  return ask_within(limit,
                    keyed_core::ask(core_, std::move(key), std::move(message)));
}

std::size_t keyed_actors::size() const {
  const auto open = core_->directory();
  return open ? open->size() : 0;
}

}  // namespace troupe::remote
