#include "http/http_actor.hpp"
#include "http/http_listening.hpp"

#include <troupe/http/http.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <coroutine>
#include <new>
#include <system_error>
#include <utility>

namespace troupe {

namespace detail {

/// The shared state of the copies of a client.
class http_core {
 public:
  http_core(system& where, const http_options& options)
      : thread(where.core(), options) {}

  const http_thread thread;
};

/// The side of an exchange that waits. Destroying it aborts the transfer.
class pending_exchange {
 public:
  pending_exchange(std::shared_ptr<http_core> through, http_request request,
                   bool is_streamed)
      : line(std::move(through)),
        about(caf::make_counted<exchange>(std::move(request), is_streamed)) {}
  pending_exchange(std::shared_ptr<http_core> through, http_request request,
                   std::shared_ptr<exchange_observer> to)
      : line(std::move(through)),
        about(caf::make_counted<exchange>(std::move(request), std::move(to))) {}
  pending_exchange(const pending_exchange&) = delete;
  pending_exchange& operator=(const pending_exchange&) = delete;
  ~pending_exchange() { drop(); }

  void begin(troupe::detail::exec_ctx* from) {
    is_under_way = true;
    if (!send_to(line->thread.actor(), http_message::begin{about}, from)) {
      about->bring_end(error{errc::shut_down, "the HTTP client was shut down"});
      about->announce();
    }
  }
  void go_on_if_room() {
    if (!about->has_room_again()) return;
    send_to(line->thread.actor(), http_message::go_on{about});
  }
  void drop() {
    if (!std::exchange(is_under_way, false)) return;
    send_to(line->thread.actor(), http_message::drop{about});
  }

  const std::shared_ptr<http_core> line;
  const exchange_ptr about;
  bool is_under_way = false;
  bool was_cancelled = false;
  /// The reason why nothing more comes.
  std::optional<error> failure;
};

namespace {

/// Awaitable: what comes next of an exchange.
class [[nodiscard]] next_arrival final : private troupe::detail::waiter {
 public:
  explicit next_arrival(pending_exchange& end) noexcept : end_(end) {}
  ~next_arrival() {
    if (host() == nullptr) return;
    // A part on its way here is lost, so nothing may follow it.
    end_.was_cancelled = true;
    end_.drop();
  }

  bool await_ready() {
    if (!end_.is_under_way) return false;
    auto came = end_.about->take();
    if (!came) return false;
    came_ = std::move(*came);
    end_.go_on_if_room();
    return true;
  }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    wait(host, enlist(host, self));
  }
  arrival await_resume() {
    if (came_.is_end) end_.is_under_way = false;
    end_.failure = std::move(came_.failure);
    if (end_.failure) throw error{*end_.failure};
    return std::move(came_);
  }

 private:
  void wait(troupe::detail::fiber_owner& host, troupe::detail::wake_key key) {
    auto& owner = troupe::detail::fiber_actor::of(host, "wait for a server");
    end_.about->wait(owner.waker_for(key));
    if (end_.is_under_way) {
      end_.go_on_if_room();
    } else {
      end_.begin(owner.running_on());
    }
  }
  void receive(void* answer) override {
    came_ = std::move(*static_cast<arrival*>(answer));
  }

  pending_exchange& end_;
  arrival came_;
};

void check_options(const http_options& options) {
  const auto must_be_some = [](std::size_t count, const char* name) {
    if (count >= 1) return;
    throw error{errc::bad_flow,
                "http_options." + std::string{name} + " must be at least 1"};
  };
  must_be_some(options.connections_max, "connections_max");
  must_be_some(options.connections_per_host_max, "connections_per_host_max");
  must_be_some(options.exchanges_max, "exchanges_max");
  must_be_some(options.unread_max, "unread_max");
}

// Threads, files and memory may have run out.
std::shared_ptr<http_core> line_of(system& where, const http_options& options) {
  const auto refuse = [](const std::string& why) -> error {
    return {errc::overloaded, "cannot start an HTTP client: " + why};
  };
  try {
    return std::make_shared<http_core>(where, options);
  } catch (const std::system_error& why) {
    throw refuse("cannot start another thread: " + std::string{why.what()});
  } catch (const std::bad_alloc&) {
    throw refuse("out of memory");
  }
}

task<http_response> whole(std::shared_ptr<pending_exchange> end) {
  next_arrival coming{*end};
  arrival came = co_await coming;
  co_return std::move(came.response);
}

task<std::optional<std::string>> next_part(
    std::shared_ptr<pending_exchange> end) {
  if (end->was_cancelled) {
    throw error{errc::cancelled, "an earlier read of the stream was cancelled"};
  }
  if (end->failure) throw error{*end->failure};
  std::optional<std::string> part;
  if (end->is_under_way) {
    next_arrival coming{*end};
    arrival came = co_await coming;
    if (!came.is_end) part = std::move(came.response.body);
  }
  co_return part;
}

}  // namespace
}  // namespace detail

// -- streams ------------------------------------------------------------------

http_stream::http_stream(std::shared_ptr<detail::pending_exchange> end,
                         http_response head)
    : end_(std::move(end)), head_(std::move(head)) {}

http_stream::http_stream(http_stream&&) noexcept = default;
http_stream& http_stream::operator=(http_stream&&) noexcept = default;
http_stream::~http_stream() = default;

task<std::optional<std::string>> http_stream::read() & {
  return detail::next_part(end_);
}

// -- what is heard ------------------------------------------------------------

namespace detail {

class live_listening final : public http_listening {
 public:
  live_listening(const http_client& web, http_request ask,
                 std::shared_ptr<exchange_observer> to)
      : end_(web.line_, std::move(ask), std::move(to)) {
    end_.begin(nullptr);
  }

 private:
  pending_exchange end_;
};

std::unique_ptr<http_listening> http_listening::begun(
    const http_client& web, http_request ask,
    std::shared_ptr<exchange_observer> to) {
  return std::make_unique<live_listening>(web, std::move(ask), std::move(to));
}

}  // namespace detail

// -- clients ------------------------------------------------------------------

http_client::http_client(system& where, http_options options) {
  detail::check_options(options);
  if (where.core().queue() != nullptr) {
    throw error{errc::bad_flow,
                "a simulation has no network: an HTTP client needs a system "
                "that is not simulated"};
  }
  line_ = detail::line_of(where, options);
}

task<http_response> http_client::send(http_request request) const {
  return detail::whole(std::make_shared<detail::pending_exchange>(
      line_, std::move(request), /*is_streamed=*/false));
}

task<http_stream> http_client::opened(
    std::shared_ptr<detail::pending_exchange> end) {
  detail::next_arrival coming{*end};
  detail::arrival came = co_await coming;
  co_return http_stream{std::move(end), std::move(came.response)};
}

task<http_stream> http_client::open(http_request request) const {
  return opened(std::make_shared<detail::pending_exchange>(
      line_, std::move(request), /*is_streamed=*/true));
}

void http_client::send_off(http_request request) const {
  auto about = caf::make_counted<detail::exchange>(
      std::move(request), /*streamed=*/false, /*farewell=*/true);
  send_to(line_->thread.actor(), detail::http_message::begin{std::move(about)});
}

}  // namespace troupe
