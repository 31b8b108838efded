// The tools of an MCP server, which is a program: listed, then used.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>

using troupe::json;

namespace {

// region: node
struct add_numbers {
  troupe::llm::mcp_client server;

  troupe::task<json> exec() const {
    const auto tools = co_await server.tools();
    for (const auto& each : tools) {
      std::cout << "has " << troupe::printable(each.spec().name) << "\n";
    }
    const json numbers{{"a", 19}, {"b", 23}};
    const json result = co_await server.call("add", numbers);
    co_return result.at("structuredContent").at("sum");
  }
  void post(troupe::state& shared, const json& sum) const {
    shared["sum"] = sum;
  }
};
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  // region: server
  troupe::llm::mcp_command program;
  program.program = "python3";
  program.arguments = {"tests/support/servers/mcp_server.py"};
  const troupe::llm::mcp_client server{runtime, program};
  // endregion
  troupe::flow_builder flow{"sum"};
  flow.add("add", add_numbers{server});
  const auto end = runtime.start(flow.build()).get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  std::cout << "the sum is " << end.state.at("sum").to_json() << "\n";
}
