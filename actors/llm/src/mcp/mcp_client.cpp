#include "mcp/mcp_core.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/printable.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm {

namespace detail {

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
  try {
    co_return co_await calling;
  } catch (const error& why) {
    throw core->named(why);
  }
}

task<std::string> told_by(std::shared_ptr<mcp_core> core, std::string name,
                          json arguments, mcp_trace_context trace) {
  const auto cleaning = core;
  auto calling = called(std::move(core), std::move(name), std::move(arguments),
                        std::move(trace));
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

/// Servers give a next page as long as they please.
constexpr std::size_t pages_max = 1'000;
constexpr std::size_t tools_max = 10'000;
/// Of all schemas and descriptions of a list, in messages of the largest size.
constexpr std::size_t list_factor = 4;

/// The tools of a server's list, page by page.
class tool_list {
 public:
  explicit tool_list(std::shared_ptr<mcp_core> core) : core_(std::move(core)) {}

  /// Takes a page; returns the beginning of the next one, or nothing after the
  /// last one.
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
      refuse("does not end: " + std::to_string(places_.size()) +
             " pages were read, and another one follows");
    }
    return std::move(page.next);
  }

  std::vector<tool> all() {
    if (all_.empty() && !reason_.empty()) {
      refuse("has no usable tool: " + reason_);
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
  /// The reason why the first tool is left out.
  std::string reason_;
};

task<std::vector<tool>> walked(std::shared_ptr<mcp_core> core,
                               mcp_trace_context trace) {
  tool_list list{core};
  std::optional<std::string> next = std::string{};
  while (next) {
    auto reading = listed_page(core, core->shelf, std::move(*next), trace);
    auto page = co_await reading;
    next = list.take(std::move(page));
  }
  co_return list.all();
}

task<std::vector<tool>> listed(std::shared_ptr<mcp_core> core) {
  const auto trace = trace_of(*core);
  const bool had_pages = !core->shelf->is_empty();
  std::optional<error> failure;
  try {
    auto walking = walked(core, trace);
    co_return co_await walking;
  } catch (const error& why) {
    failure = core->named(why);
  }
  // The server may not know any more where a page began that was kept.
  if (!had_pages || failure->code() == errc::unauthorized)
    throw error{*failure};
  core->shelf->forget();
  auto again = walked(core, trace);
  try {
    co_return co_await again;
  } catch (const error& why) {
    throw core->named(why);
  }
}

task<std::string> revision_of(std::shared_ptr<mcp_core> core) {
  auto agreeing = core->agreed();
  const auto session = co_await agreeing;
  co_return session.under.revision;
}

/// Longer ones would not fit into points in time.
constexpr duration task_limit_max = std::chrono::hours{24 * 365 * 100};

mcp_options checked_options(mcp_options options) {
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
    refuse(
        "on_input is set, but inputs is empty: list the inputs that it "
        "answers");
  }
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
                                    "' is not a valid variable name"};
  };
  for (const auto& each : command.environment) check("environment", each.first);
  for (const auto& each : command.inherit) check("inherit", each);
}

/// A word of a command ends at its first NUL byte.
void check_words(const mcp_command& command) {
  const auto check = [](const char* member, std::string_view word) {
    if (word.find('\0') == word.npos) return;
    throw error{errc::bad_flow,
                std::string{"mcp_command."} + member + " contains a NUL byte"};
  };
  check("program", command.program);
  for (const auto& each : command.arguments) check("arguments", each);
  for (const auto& each : command.environment) {
    check("environment", each.second);
  }
  check("directory", command.directory.native());
}

}  // namespace
}  // namespace detail

mcp_client::mcp_client(system& where, mcp_command server, mcp_options options) {
  options = detail::checked_options(std::move(options));
  if (server.program.empty()) {
    throw error{errc::bad_flow, "mcp_command.program is empty"};
  }
  detail::check_variables(server);
  detail::check_words(server);
  auto through =
      detail::make_process_transport(where.core(), std::move(server), options);
  core_ = std::make_shared<detail::mcp_core>(where, std::move(through),
                                             std::move(options));
}

mcp_client::mcp_client(system& where, mcp_address server, mcp_options options) {
  options = detail::checked_options(std::move(options));
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
