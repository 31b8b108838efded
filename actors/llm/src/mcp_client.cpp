#include "mcp_transport.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/printable.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm {

namespace detail {

/// What the copies of a client, and its tools, share.
class mcp_core : public std::enable_shared_from_this<mcp_core> {
 public:
  mcp_core(system& where, std::shared_ptr<mcp_transport> through,
           mcp_options how)
      : options(std::move(how)),
        transport_(std::move(through)),
        greeting_(where, 1) {}

  /// The result of a request.
  task<json> request(std::string method, json params);
  /// After greeting the server, if nobody has.
  task<mcp_session> agreed();
  [[nodiscard]] error clean(error why) const {
    return transport_->clean(std::move(why));
  }

  const mcp_options options;

 private:
  task<mcp_session> greet();
  task<mcp_session> open(bool may_be_modern);
  task<mcp_session> opened_as_older(std::uint64_t epoch);
  task<json> asked(std::string method, json params, mcp_session of);
  task<json> answered(std::string method, json params);
  task<json> probed(std::uint64_t epoch);
  std::optional<mcp_session> greeted();

  const std::shared_ptr<mcp_transport> transport_;
  const semaphore greeting_;
  std::atomic<std::uint64_t> last_id_{0};
  std::mutex mutex_;
  std::optional<mcp_session> session_;
};

namespace {

/// A server of before 2026 may not answer what it does not know.
constexpr duration probe_limit = std::chrono::seconds{5};

/// Whether an answer to the first question that is no answer means that the
/// server has to be opened as older ones are: most do not know the question,
/// and have many ways to say so, the end of the program among them.
bool may_be_older(const error& why) {
  if (const auto* refusal = dynamic_cast<const mcp_refusal*>(&why)) {
    const int status = refusal->status();
    return status != 401 && status != 403 && status != 429;
  }
  return !why.is_permanent() &&
         (why.code() == errc::request_failed || why.code() == errc::bad_reply ||
          why.code() == errc::timed_out);
}

}  // namespace

task<json> mcp_core::asked(std::string method, json params, mcp_session of) {
  const auto id = ++last_id_;
  auto message = mcp::request(id, method, std::move(params), of.under);
  auto work = transport_->exchange(id, std::move(message), of);
  auto limited = within(options.time_limit, std::move(work));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    const auto remark = transport_->remark();
    if (why.code() != errc::timed_out || remark.empty()) throw;
    throw error{errc::timed_out, why.message() + "; " + remark};
  }
}

task<json> mcp_core::probed(std::uint64_t epoch) {
  mcp_session current;
  current.epoch = epoch;
  auto work = asked("server/discover", json::object(), current);
  auto limited =
      within(std::min(probe_limit, options.time_limit), std::move(work));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    if (!may_be_older(why)) throw;
  }
  co_return json();
}

task<mcp_session> mcp_core::open(bool may_be_modern) {
  mcp_session made;
  made.epoch = transport_->begin();
  if (may_be_modern) {
    auto probing = probed(made.epoch);
    const json found = co_await probing;
    if (auto modern = mcp::agreed_by_discovery(found)) {
      made.under = *modern;
      co_return made;
    }
    // The question may have ended the program.
    made.epoch = transport_->begin();
  }
  auto opening = opened_as_older(made.epoch);
  try {
    co_return co_await opening;
  } catch (const error& why) {
    // Or it ends it only now, where it takes long to start.
    if (!may_be_modern || why.is_permanent() ||
        transport_->is_open(made.epoch)) {
      throw;
    }
  }
  auto again = opened_as_older(transport_->begin());
  co_return co_await again;
}

task<mcp_session> mcp_core::opened_as_older(std::uint64_t epoch) {
  mcp_session made;
  made.epoch = epoch;
  made.under = {std::string{mcp::session_revision}, true};
  auto opening = asked("initialize", mcp::opening_params(), made);
  const json answer = co_await opening;
  made.under = mcp::agreed_by_opening(answer);
  auto telling =
      transport_->notify(mcp::notification("notifications/initialized"), made);
  auto limited = within(options.time_limit, std::move(telling));
  co_await limited;
  co_return made;
}

std::optional<mcp_session> mcp_core::greeted() {
  const std::lock_guard lock{mutex_};
  if (session_ && transport_->is_open(session_->epoch)) return session_;
  return std::nullopt;
}

task<mcp_session> mcp_core::greet() {
  bool was_older = false;
  {
    const std::lock_guard lock{mutex_};
    was_older = session_ && session_->under.has_session;
  }
  auto opening = open(/*may_be_modern=*/!was_older);
  auto made = co_await opening;
  const std::lock_guard lock{mutex_};
  session_ = made;
  co_return made;
}

task<mcp_session> mcp_core::agreed() {
  const auto self = shared_from_this();
  if (auto known = greeted()) co_return std::move(*known);
  auto waiting = greeting_.acquire();
  const permit turn = co_await waiting;
  if (auto known = greeted()) co_return std::move(*known);
  auto greeting = greet();
  co_return co_await greeting;
}

// A request of which a server that lost its session has seen nothing is sent
// once more.
task<json> mcp_core::answered(std::string method, json params) {
  for (bool is_first = true;; is_first = false) {
    auto agreeing = agreed();
    auto session = co_await agreeing;
    auto asking = asked(method, params, std::move(session));
    try {
      co_return co_await asking;
    } catch (const mcp_session_lost&) {
      if (!is_first) throw;
    }
  }
}

task<json> mcp_core::request(std::string method, json params) {
  const auto self = shared_from_this();
  auto answering = answered(std::move(method), std::move(params));
  try {
    const json answer = co_await answering;
    co_return mcp::result_in(answer);
  } catch (const error& why) {
    throw clean(why);
  }
}

namespace {

task<json> called(std::shared_ptr<mcp_core> core, std::string name,
                  json arguments) {
  json params = {{"name", std::move(name)},
                 {"arguments", std::move(arguments)}};
  auto asking = core->request("tools/call", std::move(params));
  co_return co_await asking;
}

task<std::string> told_by(std::shared_ptr<mcp_core> core, std::string name,
                          json arguments) {
  const auto cleaning = core;
  auto calling = called(std::move(core), std::move(name), std::move(arguments));
  const json result = co_await calling;
  try {
    co_return mcp::text_in(result);
  } catch (const error& why) {
    throw cleaning->clean(why);
  }
}

tool tool_of(const std::shared_ptr<mcp_core>& core, tool_spec spec,
             mcp::tool_names& names) {
  const auto name = spec.name;
  spec.name = names.offered(core->options.prefix + name);
  const auto call = [core, name](json arguments, context&) {
    return told_by(core, name, std::move(arguments));
  };
  try {
    return {spec, call};
  } catch (const error&) {
    // The server checks what is not known here.
    return {std::move(spec), call, argument_check::by_function};
  }
}

/// Servers give a next page as long as they please.
constexpr std::size_t pages_max = 1'000;
constexpr std::size_t tools_max = 10'000;
/// Of all schemas and descriptions of a list, in messages of the largest size.
constexpr std::size_t list_factor = 4;

/// The tools of a server's list, page by page.
class tool_list {
 public:
  explicit tool_list(std::shared_ptr<mcp_core> core) : core_(std::move(core)) {}

  /// Where the next page begins, or nothing after the last one.
  std::optional<std::string> take(mcp::tool_page page) {
    for (auto& each : page.tools) {
      size_ += write_json(each.parameters, bad_text::replaced).size() +
               each.description.size();
      if (all_.size() >= tools_max ||
          size_ / list_factor > core_->options.message_max) {
        refuse("is too long: more than " + std::to_string(all_.size()) +
               " tools");
      }
      all_.push_back(tool_of(core_, std::move(each), names_));
    }
    if (reason_.empty()) reason_ = std::move(page.first_reason);
    if (page.next.empty()) return std::nullopt;
    if (!places_.insert(page.next).second || places_.size() >= pages_max) {
      refuse("does not end: after " + std::to_string(places_.size()) +
             " pages there is another one");
    }
    return std::move(page.next);
  }

  std::vector<tool> all() {
    if (all_.empty() && !reason_.empty()) {
      refuse("has no tool that can be used: " + reason_);
    }
    return std::move(all_);
  }

 private:
  [[noreturn]] static void refuse(const std::string& what) {
    throw error{errc::bad_reply, "the MCP server's list of tools " + what};
  }

  const std::shared_ptr<mcp_core> core_;
  std::vector<tool> all_;
  mcp::tool_names names_;
  std::set<std::string> places_;
  std::size_t size_ = 0;
  /// Why the first tool is missing that is left out.
  std::string reason_;
};

task<std::vector<tool>> listed(std::shared_ptr<mcp_core> core) {
  tool_list list{core};
  std::optional<std::string> next = std::string{};
  while (next) {
    json params = json::object();
    if (!next->empty()) params["cursor"] = *next;
    auto asking = core->request("tools/list", std::move(params));
    const json result = co_await asking;
    next = list.take(mcp::tools_in(result));
  }
  co_return list.all();
}

task<std::string> revision_of(std::shared_ptr<mcp_core> core) {
  auto agreeing = core->agreed();
  const auto session = co_await agreeing;
  co_return session.under.revision;
}

mcp_options checked(mcp_options options) {
  const auto refuse = [](const std::string& what) {
    throw error{errc::bad_flow, "mcp_options." + what};
  };
  if (options.time_limit <= duration::zero()) {
    refuse("time_limit must be more than zero");
  }
  if (options.message_max < 1) refuse("message_max must be at least 1");
  if (options.requests_max < 1) refuse("requests_max must be at least 1");
  return options;
}

bool names_variable(const std::string& name) {
  return !name.empty() &&
         name.find_first_of(std::string_view{"=\0", 2}) == std::string::npos;
}

void check_variables(const mcp_command& command) {
  const auto check = [](const char* list, const std::string& name) {
    if (names_variable(name)) return;
    throw error{errc::bad_flow, std::string{"mcp_command."} + list + ": '" +
                                    printable(name) +
                                    "' is no name of a variable"};
  };
  for (const auto& each : command.environment) check("environment", each.first);
  for (const auto& each : command.inherit) check("inherit", each);
}

}  // namespace
}  // namespace detail

mcp_client::mcp_client(system& where, mcp_command server, mcp_options options) {
  options = detail::checked(std::move(options));
  if (server.program.empty()) {
    throw error{errc::bad_flow, "mcp_command.program is empty"};
  }
  detail::check_variables(server);
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

task<json> mcp_client::call(std::string name, json arguments) const {
  return detail::called(core_, std::move(name), std::move(arguments));
}

task<std::string> mcp_client::revision() const {
  return detail::revision_of(core_);
}

}  // namespace troupe::llm
