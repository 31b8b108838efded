#include "mcp_process.hpp"

#include "mcp_transport.hpp"
#include "system_core.hpp"

#include <array>
#include <cerrno>
#include <coroutine>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace troupe::llm::detail {

namespace {

using namespace std::chrono_literals;
using troupe::detail::answer_of;
using troupe::detail::fiber_actor;
using troupe::detail::waker;

/// Unsent messages may have so many times the bytes of the largest one.
constexpr std::size_t unsent_factor = 4;
constexpr std::size_t shown_max = 80;
/// Something that it has started may write for ever.
constexpr int reads_after_end = 64;

void answer(const waker& who, mcp_arrival came) {
  who(caf::make_counted<answer_of<mcp_arrival>>(std::move(came)));
}

}  // namespace

mcp_process::mcp_process(const mcp_command& command, const mcp_options& options)
    : command_(command), options_(options), program_(command) {
  poll_.watch(program_.output(), {.read = true}, /*is_new=*/true);
  poll_.watch(program_.input(), {}, /*is_new=*/true);
  poll_.watch(program_.handle(), {.read = true}, /*is_new=*/true);
}

void mcp_process::stop() {
  is_stopping_.store(true);
  poll_.wake();
}

// -- from anywhere ------------------------------------------------------------

void mcp_process::ask(std::uint64_t id, const json& request, waker who) {
  std::optional<error> failure;
  {
    const std::lock_guard lock{mutex_};
    if (ended_) {
      failure = *ended_;
    } else if (waiting_.size() >= options_.requests_max) {
      failure = error{errc::overloaded, "too many requests to an MCP server"};
    } else {
      waiting_.emplace(id, who);
    }
  }
  if (failure) {
    answer(who, {{}, std::move(failure)});
  } else {
    send(request);
  }
}

void mcp_process::forget(std::uint64_t id) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.erase(id) == 0) return;
  }
  send(mcp::notification("notifications/cancelled", {{"requestId", id}}));
}

void mcp_process::tell(const json& message) { send(message); }

void mcp_process::send(const json& message) {
  const auto line =
      message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  {
    const std::lock_guard lock{mutex_};
    if (ended_ || !takes_input_) return;
    // A program that does not read; its requests will time out.
    if (unsent_.size() > unsent_factor * options_.message_max) return;
    unsent_ += line;
  }
  poll_.wake();
}

// -- on its thread ------------------------------------------------------------

void mcp_process::run() {
  while (!is_stopping_.load()) {
    auto last = reading::none;
    bool has_ended = false;
    poll_.wait(1h, [&](int socket, socket_poll::interest ready, std::uint32_t) {
      if (socket == program_.output() && ready.read) {
        last = read_some();
      } else if (socket == program_.input() && ready.read) {
        stop_writing();
      } else if (socket == program_.handle()) {
        has_ended = true;
      }
    });
    // What it wrote before is still there.
    for (int i = 0; has_ended && i < reads_after_end; ++i) {
      if ((last = read_some()) != reading::some) break;
    }
    try {
      take_lines();
    } catch (const error& why) {
      end_all("is not to be understood: " + why.message());
      return;
    }
    if (has_ended || last == reading::end) {
      const auto how = program_.wait_for(1s);
      end_all(how.empty() ? "has closed its output" : how);
      return;
    }
    write_some();
  }
  end_all("is not used any more");
}

mcp_process::reading mcp_process::read_some() {
  std::array<char, 65'536> some;
  const auto got = read(program_.output(), some.data(), some.size());
  if (got > 0) {
    read_.append(some.data(), static_cast<std::size_t>(got));
    return reading::some;
  }
  const bool is_empty = got < 0 && (errno == EAGAIN || errno == EINTR);
  return is_empty ? reading::none : reading::end;
}

void mcp_process::take_lines() {
  std::size_t begin = 0;
  for (auto end = read_.find('\n'); end != std::string::npos;
       end = read_.find('\n', begin)) {
    take_line(read_.substr(begin, end - begin));
    begin = end + 1;
  }
  read_.erase(0, begin);
  if (read_.size() > options_.message_max) {
    throw error{errc::bad_reply, "a message of it is too long"};
  }
}

void mcp_process::take_line(const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  json message = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (message.is_discarded()) {
    throw error{errc::bad_reply,
                "it wrote what is no message: " +
                    json(line.substr(0, shown_max))
                        .dump(-1, ' ', true, json::error_handler_t::replace)};
  }
  if (const auto id = mcp::answered_id(message)) {
    std::optional<waker> who;
    {
      const std::lock_guard lock{mutex_};
      if (const auto found = waiting_.find(*id); found != waiting_.end()) {
        who = found->second;
        waiting_.erase(found);
      }
    }
    if (who) answer(*who, {std::move(message), {}});
    return;
  }
  // An error about what it could not read has no number.
  if (message.is_object() && message.contains("error")) return;
  const auto told = mcp::message_in(message);
  if (told.answer) send(*told.answer);
}

void mcp_process::write_some() {
  const std::lock_guard lock{mutex_};
  if (!takes_input_) return;
  if (!unsent_.empty()) {
    const auto sent =
        ::send(program_.input(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    // That it reads no more shows when its output ends.
    if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) unsent_.clear();
  }
  const bool waits = !unsent_.empty();
  if (waits == waits_to_write_) return;
  waits_to_write_ = waits;
  poll_.watch(program_.input(), {.write = waits}, /*is_new=*/false);
}

// It reads no more. It may have something to say all the same.
void mcp_process::stop_writing() {
  poll_.forget(program_.input());
  const std::lock_guard lock{mutex_};
  takes_input_ = false;
  unsent_.clear();
}

void mcp_process::end_all(const std::string& why) {
  const error failure{errc::request_failed,
                      "the MCP server '" + command_.program + "' " + why};
  std::map<std::uint64_t, waker> waiting;
  {
    const std::lock_guard lock{mutex_};
    ended_ = failure;
    waiting.swap(waiting_);
    unsent_.clear();
  }
  for (const auto& [id, who] : waiting) answer(who, {{}, failure});
}

// -- the transport ------------------------------------------------------------

namespace {

/// Awaitable: the answer to a request.
class [[nodiscard]] next_answer final : private troupe::detail::waiter {
 public:
  next_answer(mcp_process& from, std::uint64_t id, json request)
      : from_(from), id_(id), request_(std::move(request)) {}
  ~next_answer() {
    if (host() != nullptr) from_.forget(id_);
  }

  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    order(host, enlist(host, self));
  }
  json await_resume() {
    if (came_.failure) throw error{*came_.failure};
    return std::move(came_.message);
  }

 private:
  void order(troupe::detail::fiber_host& host, troupe::detail::wake_key key) {
    auto* owner = dynamic_cast<fiber_actor*>(&host);
    if (owner == nullptr) {
      throw error{errc::request_failed, "only an actor can wait for a server"};
    }
    from_.ask(id_, request_, owner->waker_for(key));
  }
  void receive(void* answer) override {
    came_ = std::move(*static_cast<mcp_arrival*>(answer));
  }

  mcp_process& from_;
  const std::uint64_t id_;
  const json request_;
  mcp_arrival came_;
};

/// Starts the program when it is first needed.
class process_transport final
    : public mcp_transport,
      public std::enable_shared_from_this<process_transport> {
 public:
  process_transport(troupe::detail::system_core& core, mcp_command server,
                    const mcp_options& options)
      : threads_(core.threads()),
        server_(std::move(server)),
        options_(options) {}
  ~process_transport() override {
    if (process_) threads_->end(thread_);
  }

  task<json> exchange(std::uint64_t id, json request, mcp::agreement) override {
    const auto self = shared_from_this();
    next_answer waiting{started(), id, std::move(request)};
    co_return co_await waiting;
  }
  task<> notify(json message, mcp::agreement) override {
    started().tell(message);
    co_return;
  }

 private:
  mcp_process& started() {
    const std::lock_guard lock{mutex_};
    if (!process_) {
      auto begun = std::make_shared<mcp_process>(server_, options_);
      thread_ = threads_->start([begun] { begun->run(); },
                                [begun] { begun->stop(); });
      process_ = std::move(begun);
    }
    return *process_;
  }

  const std::shared_ptr<troupe::detail::service_threads> threads_;
  const mcp_command server_;
  const mcp_options options_;
  std::mutex mutex_;
  /// Shared with its thread, which may outlive this.
  std::shared_ptr<mcp_process> process_;
  /// There is one while there is a process.
  troupe::detail::service_threads::number thread_ = 0;
};

}  // namespace

std::shared_ptr<mcp_transport> make_process_transport(
    troupe::detail::system_core& core, mcp_command server,
    const mcp_options& options) {
  return std::make_shared<process_transport>(core, std::move(server), options);
}

}  // namespace troupe::llm::detail
