#include "core/system_core.hpp"
#include "mcp/mcp_process.hpp"
#include "mcp/mcp_transport.hpp"
#include "process/program_pace.hpp"

#include <troupe/http/detail/redaction.hpp>

#include <chrono>
#include <coroutine>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::llm::detail {

namespace {

using troupe::detail::fiber_actor;

/// Awaitable: the answer to a request.
class [[nodiscard]] next_answer final : private troupe::detail::waiter {
 public:
  next_answer(std::shared_ptr<mcp_process> from, std::uint64_t id, json request)
      : from_(std::move(from)), id_(id), request_(std::move(request)) {}
  ~next_answer() {
    if (host() != nullptr) from_->forget(id_);
  }

  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    order(host, enlist(host, self));
  }
  json await_resume() {
    if (!came_.was_sent) throw mcp_session_lost{*came_.failure};
    if (came_.failure) throw error{*came_.failure};
    return std::move(came_.message);
  }

 private:
  void order(troupe::detail::fiber_owner& host, troupe::detail::wake_key key) {
    auto& owner = fiber_actor::of(host, "wait for a server");
    from_->ask(id_, request_, owner.waker_for(key));
  }
  void receive(void* answer) override {
    came_ = std::move(*static_cast<mcp_arrival*>(answer));
  }

  const std::shared_ptr<mcp_process> from_;
  const std::uint64_t id_;
  const json request_;
  mcp_arrival came_;
};

/// Starts the program when it is needed, and again after its end.
class process_transport final
    : public mcp_transport,
      public std::enable_shared_from_this<process_transport> {
 public:
  process_transport(troupe::detail::system_core& core, mcp_command server,
                    const mcp_options& options)
      : threads_(core.threads()),
        server_(std::move(server)),
        options_(options),
        secrets_(secrets_of(server_)) {}
  ~process_transport() override {
    if (process_) threads_->end(thread_);
  }

  std::uint64_t begin() override {
    const std::lock_guard lock{mutex_};
    if (process_) {
      const auto end = process_->end_time();
      if (!end) return epoch_;
      pace_.ended(started_, *end);
      last_end_ = process_->end_reason();
      process_ = nullptr;
    }
    const auto now = clock::steady().now();
    if (const auto wait = pace_.wait(now)) refuse_start(*wait);
    start(now);
    return ++epoch_;
  }
  bool is_open(std::uint64_t epoch) override {
    const std::lock_guard lock{mutex_};
    return epoch == epoch_ && process_ && !process_->end_time();
  }

  task<json> exchange(std::uint64_t id, json request, mcp_session of) override {
    const auto self = shared_from_this();
    next_answer waiting{process_of(of), id, std::move(request)};
    co_return co_await waiting;
  }
  task<> notify(json message, mcp_session of) override {
    process_of(of)->tell(message);
    co_return;
  }
  void send_off(json request, const mcp_session& of) override {
    process_of(of)->tell(request);
  }
  void listen(json request, const mcp_session& of) override {
    const auto process = process_of(of);
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(listening_, of.epoch) == of.epoch) return;
    }
    process->tell(request);
  }
  std::string remark() override {
    const std::lock_guard lock{mutex_};
    return process_ ? process_->remark() : std::string{};
  }
  error clean(error why) const override {
    return secrets_.without(std::move(why));
  }

 private:
  void start(time_point now) {
    auto begun =
        std::make_shared<mcp_process>(server_, options_, hears(), secrets_);
    thread_ =
        threads_->start([begun] { begun->run(); }, [begun] { begun->stop(); });
    process_ = std::move(begun);
    started_ = now;
  }
  [[noreturn]] void refuse_start(duration wait) const {
    const auto left = std::chrono::ceil<std::chrono::seconds>(wait);
    error why{
        errc::request_failed,
        last_end_ + "; it has ended " + std::to_string(pace_.ends()) +
            " times in a row soon after its start; the next start is in " +
            std::to_string(left.count()) + " s"};
    throw why.retry_after(wait);
  }
  std::shared_ptr<mcp_process> process_of(const mcp_session& of) {
    const std::lock_guard lock{mutex_};
    if (of.epoch == epoch_ && process_) return process_;
    throw mcp_session_lost{
        {errc::request_failed, "the MCP server was restarted"}};
  }

  const std::shared_ptr<troupe::detail::service_threads> threads_;
  const mcp_command server_;
  const mcp_options options_;
  const troupe::detail::secrets secrets_;
  std::mutex mutex_;
  /// Shared with its thread, which may outlive this.
  std::shared_ptr<mcp_process> process_;
  /// There is one while there is a process.
  troupe::detail::service_threads::number thread_ = 0;
  std::uint64_t epoch_ = 0;
  /// The one in which changes were asked for.
  std::uint64_t listening_ = 0;
  time_point started_;
  restart_pace pace_;
  /// The end of the last program, in words.
  std::string last_end_;
};

}  // namespace

std::shared_ptr<mcp_transport> make_process_transport(
    troupe::detail::system_core& core, mcp_command server,
    const mcp_options& options) {
  return std::make_shared<process_transport>(core, std::move(server), options);
}

}  // namespace troupe::llm::detail
