// The stream on which an MCP server tells of changes.

#include "mcp/mcp_changes.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using troupe::llm::detail::mcp_changes;

namespace {

const std::string agreed =
    "data: {\"jsonrpc\":\"2.0\",\"method\":"
    "\"notifications/subscriptions/acknowledged\"}\n\n";
const std::string changed =
    "data: {\"jsonrpc\":\"2.0\",\"method\":"
    "\"notifications/tools/list_changed\"}\n\n";

/// A stream, and how often a change was told on it.
struct heard_changes {
  std::size_t count = 0;
  mcp_changes stream{10'000, [this](const std::string& method) {
                       CHECK(method == "notifications/tools/list_changed");
                       ++count;
                     }};

  void begin(int status = 200) {
    troupe::http_response head;
    head.status = status;
    stream.on_head(head);
  }
};

}  // namespace

TEST_CASE("Changes are heard on the stream of a server", "[mcp_changes]") {
  heard_changes heard;
  heard.begin();
  heard.stream.on_part(agreed + ": still here\n\n" + changed.substr(0, 20));
  CHECK(heard.count == 0);
  heard.stream.on_part(changed.substr(20) + changed);
  CHECK(heard.count == 2);
  CHECK_FALSE(heard.stream.is_over());
}

TEST_CASE("After the end of such a stream changes may have been missed",
          "[mcp_changes]") {
  heard_changes heard;
  heard.begin();
  heard.stream.on_part(agreed);
  heard.stream.on_end();
  CHECK(heard.count == 1);
  CHECK(heard.stream.is_over());
  CHECK_FALSE(heard.stream.is_refused());
}

TEST_CASE("A server may refuse to tell of changes", "[mcp_changes]") {
  heard_changes heard;
  SECTION("by its status") {
    heard.begin(404);
    heard.stream.on_part(agreed);
  }
  SECTION("by an error") {
    heard.begin();
    heard.stream.on_part(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601}}");
  }
  SECTION("without a word") {}
  heard.stream.on_end();
  CHECK(heard.stream.is_refused());
  CHECK(heard.count == 0);
}

TEST_CASE("A message on such a stream that is too long ends it",
          "[mcp_changes]") {
  heard_changes heard;
  heard.begin();
  heard.stream.on_part(agreed);
  heard.stream.on_part("data: " + std::string(20'000, 'x'));
  CHECK(heard.stream.is_over());
  CHECK(heard.count == 1);
}
