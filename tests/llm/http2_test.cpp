// HTTP/2 over real sockets, against tests/support/http2_server.py.

#include "support/catch.hpp"
#include "support/http_room.hpp"

#include <troupe/gather.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::json;
using troupe::task;
using troupe::llm::http_request;

namespace {

/// Trusts the server, and keeps to one connection only if that is enough.
http_room trusting_room() {
  return http_room{{.ca_file = "tests/data/tls/localhost.pem"}};
}

task<json> get(http_room& room, std::string path) {
  http_request ask{server(path, "HTTP2_SERVER")};
  auto sending = room.web.send(std::move(ask));
  const auto reply = co_await sending;
  co_return seen(reply);
}

/// What `count` requests at the same time yield.
task<json> get_many(http_room& room, std::string path, int count) {
  std::vector<task<json>> all;
  for (int i = 0; i < count; ++i) all.push_back(get(room, path));
  auto together = troupe::gather(std::move(all));
  co_return json(co_await together);
}

}  // namespace

TEST_CASE("Exchanges at the same time share a connection over HTTP/2",
          "[http2]") {
  auto room = trusting_room();
  const auto before = room.result_of([&] { return get(room, "/connections"); });
  const auto many =
      room.result_of([&] { return get_many(room, "/large", 50); });
  const auto after = room.result_of([&] { return get(room, "/connections"); });
  CHECK(before.at("body") == after.at("body"));
  REQUIRE(many.size() == 50);
  for (const auto& each : many) {
    REQUIRE(each.at("status") == 200);
    REQUIRE(each.at("body").get_ref<const std::string&>().size() == 1'000'000);
  }
}

TEST_CASE("A first crowd waits for the one connection there is to be",
          "[http2]") {
  auto room = trusting_room();
  const auto first = room.result_of([&] { return get(room, "/connections"); });
  auto other = trusting_room();
  other.result_of([&] { return get_many(other, "/connections", 20); });
  const auto last = room.result_of([&] { return get(room, "/connections"); });
  const int opened = std::stoi(last.at("body").get<std::string>()) -
                     std::stoi(first.at("body").get<std::string>());
  CHECK(opened == 1);
}
