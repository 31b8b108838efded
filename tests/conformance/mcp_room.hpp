#pragma once

#include "support/models/client_room.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/system.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// A client of an MCP server, and runs that use it.
struct mcp_room {
  /// `make` gives the client, from the system that it is to use.
  template <class Make>
  explicit mcp_room(Make make) : client{make(system)} {}

  template <class Work>
  troupe::json result_of(Work work) {
    const auto ended =
        system.start(one_node(asks<Work>{std::move(work)})).get();
    if (!ended.ok()) throw troupe::error{*ended.failure};
    return ended.state.at("reply").to_json();
  }
  troupe::json call(const std::string& name,
                    troupe::json arguments = troupe::json::object()) {
    return result_of([&](troupe::context&) -> troupe::task<troupe::json> {
      auto calling = client.call(name, arguments);
      co_return co_await calling;
    });
  }
  std::string revision() {
    return result_of([&](troupe::context&) -> troupe::task<troupe::json> {
             auto asking = client.revision();
             const auto text = co_await asking;
             co_return troupe::json(text);
           })
        .get<std::string>();
  }
  /// Returns the messages for a model that calls the tools.
  std::vector<troupe::llm::message> use(
      std::vector<troupe::llm::tool_call> calls) {
    return result_of([&](troupe::context& ctx) -> troupe::task<troupe::json> {
             auto listing = client.tools();
             const auto all = co_await listing;
             const troupe::llm::toolbox tools{all};
             auto running = tools.run(calls, ctx);
             const auto told = co_await running;
             co_return troupe::json(told);
           })
        .get<std::vector<troupe::llm::message>>();
  }
  troupe::llm::message use(const std::string& name,
                           troupe::json arguments = troupe::json::object()) {
    return use({{"call-1", name, std::move(arguments)}}).at(0);
  }

  troupe::system system{{.threads = 2}};
  troupe::llm::mcp_client client;
};

}  // namespace troupe_test
