#pragma once

#include "support/catch.hpp"
#include "support/models/client_room.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/system.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// tests/support/servers/mcp_server.py with words.
inline troupe::llm::mcp_command server_of(std::vector<std::string> words) {
  troupe::llm::mcp_command command;
  command.program = "python3";
  command.arguments = {"tests/support/servers/mcp_server.py"};
  command.arguments.insert(command.arguments.end(), words.begin(), words.end());
  return command;
}

/// A client of such a server, and runs that use it.
struct mcp_room {
  explicit mcp_room(std::vector<std::string> words,
                    troupe::llm::mcp_options options = {})
      : server{system, server_of(std::move(words)), std::move(options)} {}

  /// Returns the result of `work`, a coroutine that takes a context. Throws the
  /// error of its run.
  template <class Work>
  troupe::json result_of(Work work) {
    const auto ended =
        system.start(one_node(asks<Work>{std::move(work)})).get();
    if (!ended.ok()) throw troupe::error{*ended.failure};
    return ended.state.at("reply").to_json();
  }
  troupe::json call(const std::string& name,
                    troupe::json arguments = troupe::json::object()) {
    return result_of(
        [&](troupe::context&) { return call_of(server, name, arguments); });
  }
  std::string use(const std::string& name,
                  troupe::json arguments = troupe::json::object()) {
    return result_of([&](troupe::context& ctx) {
             return use_of(server, name, arguments, ctx);
           })
        .get<std::string>();
  }
  std::string revision() {
    return result_of([&](troupe::context&) -> troupe::task<troupe::json> {
             auto asking = server.revision();
             const auto text = co_await asking;
             co_return troupe::json(text);
           })
        .get<std::string>();
  }
  std::vector<std::string> names() {
    return result_of([&](troupe::context&) -> troupe::task<troupe::json> {
             auto listing = server.tools();
             const auto all = co_await listing;
             troupe::json found = troupe::json::array();
             for (const auto& each : all) found.push_back(each.spec().name);
             co_return found;
           })
        .get<std::vector<std::string>>();
  }

  static troupe::task<troupe::json> call_of(troupe::llm::mcp_client from,
                                            std::string name,
                                            troupe::json arguments) {
    auto calling = from.call(std::move(name), std::move(arguments));
    co_return co_await calling;
  }
  static troupe::task<troupe::json> use_of(troupe::llm::mcp_client from,
                                           std::string name,
                                           troupe::json arguments,
                                           troupe::context& ctx) {
    auto listing = from.tools();
    const auto all = co_await listing;
    for (const auto& each : all) {
      if (each.spec().name != name) continue;
      auto calling = each.call(std::move(arguments), ctx);
      const auto text = co_await calling;
      co_return troupe::json(text);
    }
    throw troupe::error{troupe::errc::missing_key, "there is no tool " + name};
  }

  troupe::system system{{.threads = 2}};
  troupe::llm::mcp_client server;
};

}  // namespace troupe_test
