#include "mcp_calls.hpp"
#include "mcp_transport.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace troupe::llm {

namespace detail {

/// What the copies of a client, and its tools, share.
class mcp_core : public mcp_line,
                 public std::enable_shared_from_this<mcp_core> {
 public:
  mcp_core(system& where, std::shared_ptr<mcp_transport> through,
           mcp_options how)
      : options(std::move(how)),
        transport_(std::move(through)),
        greeting_(where, 1) {
    transport_->on_notification([shelf = shelf](const std::string& method) {
      if (method == "notifications/tools/list_changed") shelf->forget();
    });
  }

  task<json> ask(std::string method, json params) override;
  void send_off(std::string method, json params) noexcept override;
  std::string identity() override { return transport_->identity(); }
  /// After greeting the server, if nobody has.
  task<mcp::agreement> agreed();

  const mcp_options options;
  /// Also the transport's, which may live longer.
  const std::shared_ptr<mcp_shelf> shelf = std::make_shared<mcp_shelf>();

 private:
  task<mcp::agreement> greet();
  task<json> asked(std::string method, json params, mcp::agreement under);
  task<json> probed();

  const std::shared_ptr<mcp_transport> transport_;
  /// What servers are told of.
  const json capabilities_ = mcp::client_capabilities(
      options.on_input ? options.inputs : std::set<mcp_input_kind>{});
  const semaphore greeting_;
  std::atomic<std::uint64_t> last_id_{0};
  std::mutex mutex_;
  std::optional<mcp::agreement> agreement_;
};

namespace {

/// A server of before 2026 may not answer what it does not know.
constexpr duration probe_limit = std::chrono::seconds{5};

}  // namespace

task<json> mcp_core::asked(std::string method, json params,
                           mcp::agreement under) {
  const auto id = ++last_id_;
  auto message =
      mcp::request(id, method, std::move(params), under, capabilities_);
  auto work = transport_->exchange(id, std::move(message), under);
  auto limited = within(options.time_limit, std::move(work));
  co_return co_await limited;
}

task<json> mcp_core::probed() {
  auto work = asked("server/discover", json::object(), {});
  auto limited =
      within(std::min(probe_limit, options.time_limit), std::move(work));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    if (why.code() != errc::timed_out) throw;
  }
  co_return json();
}

task<mcp::agreement> mcp_core::greet() {
  auto probing = probed();
  const json found = co_await probing;
  if (auto modern = mcp::agreed_by_discovery(found)) co_return *modern;
  const mcp::agreement old{std::string{mcp::session_revision}, true};
  auto opening = asked("initialize", mcp::opening_params(), old);
  const json answer = co_await opening;
  auto under = mcp::agreed_by_opening(answer);
  auto telling =
      transport_->notify(mcp::notification("notifications/initialized"), under);
  co_await telling;
  co_return under;
}

task<mcp::agreement> mcp_core::agreed() {
  const auto self = shared_from_this();
  {
    const std::lock_guard lock{mutex_};
    if (agreement_ && transport_->is_open()) co_return *agreement_;
  }
  auto waiting = greeting_.acquire();
  const permit turn = co_await waiting;
  {
    const std::lock_guard lock{mutex_};
    if (agreement_ && transport_->is_open()) co_return *agreement_;
  }
  auto greeting = greet();
  auto under = co_await greeting;
  // Another program, or one that was started anew, may have other tools.
  shelf->forget();
  const std::lock_guard lock{mutex_};
  agreement_ = under;
  co_return under;
}

task<json> mcp_core::ask(std::string method, json params) {
  const auto self = shared_from_this();
  auto agreeing = agreed();
  auto under = co_await agreeing;
  auto asking = asked(std::move(method), std::move(params), std::move(under));
  co_return co_await asking;
}

void mcp_core::send_off(std::string method, json params) noexcept {
  try {
    std::optional<mcp::agreement> under;
    {
      const std::lock_guard lock{mutex_};
      under = agreement_;
    }
    if (!under || !transport_->is_open()) return;
    const auto id = ++last_id_;
    auto message =
        mcp::request(id, method, std::move(params), *under, capabilities_);
    transport_->send_off(id, std::move(message), *under);
  } catch (const std::exception&) {
    // Whoever waited is gone, so there is nobody to tell.
  }
}

namespace {

mcp_trace_context trace_of(const mcp_core& core) {
  return core.options.trace_context ? core.options.trace_context()
                                    : mcp_trace_context{};
}

task<json> called(std::shared_ptr<mcp_core> core, std::string name,
                  json arguments, mcp_trace_context trace) {
  mcp::call_rules rules;
  if (core->options.on_input) rules.inputs = core->options.inputs;
  rules.task_limit = core->options.task_limit;
  mcp::tool_call call{std::move(name), std::move(arguments), std::move(rules)};
  auto calling = carried_out(core, std::move(call), core->options.on_input,
                             std::move(trace));
  co_return co_await calling;
}

task<std::string> told_by(std::shared_ptr<mcp_core> core, std::string name,
                          json arguments, mcp_trace_context trace) {
  auto calling = called(std::move(core), std::move(name), std::move(arguments),
                        std::move(trace));
  const json result = co_await calling;
  co_return mcp::text_in(result);
}

constexpr std::size_t name_max = 64;

/// The name that models are told: those of servers may have other characters,
/// and be longer.
std::string offered_name(std::string name, std::set<std::string>& taken) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char each) {
        return std::isalnum(each) == 0 && each != '_' && each != '-';
      },
      '_');
  name.resize(std::min(name.size(), name_max));
  for (int i = 2; !taken.insert(name).second; ++i) {
    const auto number = "_" + std::to_string(i);
    name = name.substr(0, name_max - number.size()) + number;
  }
  return name;
}

tool tool_of(const std::shared_ptr<mcp_core>& core, tool_spec spec,
             std::set<std::string>& taken) {
  const auto name = spec.name;
  spec.name = offered_name(core->options.prefix + name, taken);
  // Here is the step that calls, for traces that begin in flows.
  const auto call = [core, name](json arguments, context&) {
    return told_by(core, name, std::move(arguments), trace_of(*core));
  };
  try {
    return {spec, call};
  } catch (const error&) {
    // The server checks what is not known here.
    return {std::move(spec), call, argument_check::by_function};
  }
}

task<std::vector<tool>> listed(std::shared_ptr<mcp_core> core) {
  auto listing = tools_listed(core, core->shelf, trace_of(*core));
  auto specs = co_await listing;
  std::vector<tool> all;
  std::set<std::string> taken;
  for (auto& each : specs) all.push_back(tool_of(core, std::move(each), taken));
  co_return all;
}

task<std::string> revision_of(std::shared_ptr<mcp_core> core) {
  auto agreeing = core->agreed();
  const auto under = co_await agreeing;
  co_return under.revision;
}

/// Longer ones would not fit into points in time.
constexpr duration task_limit_max = std::chrono::hours{24 * 365 * 100};

mcp_options checked(mcp_options options) {
  const auto refuse = [](const std::string& what) {
    throw error{errc::bad_flow, "mcp_options." + what};
  };
  if (options.time_limit <= duration::zero()) {
    refuse("time_limit must be more than zero");
  }
  if (options.message_max < 1) refuse("message_max must be at least 1");
  if (options.requests_max < 1) refuse("requests_max must be at least 1");
  if (options.task_limit <= duration::zero()) {
    refuse("task_limit must be more than zero");
  }
  options.task_limit = std::min<duration>(options.task_limit, task_limit_max);
  if (options.on_input && options.inputs.empty()) {
    refuse("inputs is empty, but there is an on_input");
  }
  return options;
}

}  // namespace
}  // namespace detail

mcp_client::mcp_client(system& where, mcp_command server, mcp_options options) {
  options = detail::checked(std::move(options));
  if (server.program.empty()) {
    throw error{errc::bad_flow, "mcp_command.program is empty"};
  }
  auto through =
      detail::make_process_transport(where.core(), std::move(server), options);
  core_ = std::make_shared<detail::mcp_core>(where, std::move(through),
                                             std::move(options));
}

mcp_client::mcp_client(system& where, mcp_address server, mcp_options options) {
  options = detail::checked(std::move(options));
  auto through = detail::make_http_transport(http_client{where},
                                             std::move(server), options);
  core_ = std::make_shared<detail::mcp_core>(where, std::move(through),
                                             std::move(options));
}

task<std::vector<tool>> mcp_client::tools() const {
  return detail::listed(core_);
}

void mcp_client::forget_tools() const { core_->shelf->forget(); }

task<json> mcp_client::call(std::string name, json arguments) const {
  return call(std::move(name), std::move(arguments), detail::trace_of(*core_));
}

task<json> mcp_client::call(std::string name, json arguments,
                            mcp_trace_context trace) const {
  return detail::called(core_, std::move(name), std::move(arguments),
                        std::move(trace));
}

task<std::string> mcp_client::revision() const {
  return detail::revision_of(core_);
}

}  // namespace troupe::llm
