// Many exchanges at once, over real sockets, against
// tests/support/servers/http_server.py.

#include "support/catch.hpp"
#include "support/models/http_room.hpp"

#include <troupe/gather.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::http_request;
using troupe::http_response;
using troupe::json;
using troupe::task;

TEST_CASE("Many exchanges run at once", "[http_crowd]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  http_room room{{}, width};
  const auto lengths = room.result_of([&room]() -> task<json> {
    std::vector<task<http_response>> all;
    for (int i = 0; i < 200; ++i) {
      all.push_back(
          room.web.send(http_request(server("/bytes/" + std::to_string(i)))));
    }
    const auto replies = co_await troupe::gather(std::move(all));
    json found = json::array();
    for (const auto& each : replies) found.push_back(each.body.size());
    co_return found;
  });
  for (std::size_t i = 0; i < 200; ++i) CHECK(lengths.at(i) == i);
}

TEST_CASE("Crowds keep to the connections that they may have", "[http_crowd]") {
  // Fewer than one pool has room for, and more than one pool's.
  const std::size_t most = GENERATE(1U, 3U, 512U);
  http_room room{{.connections_max = most}};
  const auto ports = room.result_of([&room]() -> task<json> {
    std::vector<task<http_response>> all;
    for (int i = 0; i < 700; ++i) {
      all.push_back(room.web.send(http_request(server("/echo"))));
    }
    const auto replies = co_await troupe::gather(std::move(all));
    json found = json::array();
    for (const auto& each : replies) {
      found.push_back(json::parse(each.body).at("port"));
    }
    co_return found;
  });
  CHECK(ports.size() == 700);
  CHECK(std::set<json>(ports.begin(), ports.end()).size() <= most);
}

TEST_CASE("No exchange waits for the response of another", "[http_crowd]") {
  http_room room{{.ca_file = "tests/data/tls/localhost.pem"}};
  const auto* which = GENERATE("HTTP_SERVER", "HTTPS_SERVER");
  const auto silent = room.system.start(one_node(does{[&]() -> task<json> {
    std::vector<task<http_response>> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(room.web.send(http_request(server("/silence", which))));
    }
    co_await troupe::gather(std::move(all));
    co_return "all";
  }}));
  http_request ask{server("/echo", which)};
  CHECK(room.send(ask).at("status") == 200);
  silent.cancel();
}
