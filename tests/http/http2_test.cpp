// HTTP/2 over real sockets, against tests/support/servers/http2_server.py.

#include "support/catch.hpp"
#include "support/models/http_room.hpp"

#include <troupe/gather.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::http_request;
using troupe::http_stream;
using troupe::json;
using troupe::task;
using namespace std::chrono_literals;

namespace {

/// Trusts the server, and keeps to one connection only if that is enough.
http_room trusting_room(std::size_t unread_max = std::size_t{256} << 10) {
  return http_room{
      {.unread_max = unread_max, .ca_file = "tests/data/tls/localhost.pem"}};
}

task<http_stream> open_large(http_room& room) {
  http_request ask{server("/large", "HTTP2_SERVER")};
  ask.limits.idle = 5s;
  co_return co_await room.web.open(std::move(ask));
}

/// Returns the number of bytes of a stream of `/large` that come, or a text
/// that tells why not all did. It is given up once there are `most`.
task<json> read_large(http_room& room, std::size_t most) {
  auto stream = co_await open_large(room);
  std::size_t all = 0;
  while (all < most) {
    const auto part = co_await stream.read();
    if (!part) break;
    all += part->size();
  }
  co_return json(all);
}

task<json> get(http_room& room, std::string path) {
  http_request ask{server(path, "HTTP2_SERVER")};
  auto sending = room.web.send(std::move(ask));
  const auto reply = co_await sending;
  co_return seen(reply);
}

/// Returns the results of `count` requests at the same time.
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

TEST_CASE("A stream that nobody reads does not hold up the others", "[http2]") {
  auto room = trusting_room(1);
  const auto got = room.result_of([&room]() -> task<json> {
    auto idle = co_await open_large(room);
    const auto first = co_await idle.read();
    const auto other = co_await read_large(room, 2'000'000);
    std::size_t all = first.value_or("").size();
    for (;;) {
      const auto part = co_await idle.read();
      if (!part) break;
      all += part->size();
    }
    co_return json{other, all};
  });
  CHECK(got == json{1'000'000, 1'000'000});
}

TEST_CASE("Streams that are given up leave the others whole", "[http2]") {
  auto room = trusting_room();
  const auto got = room.result_of([&room]() -> task<json> {
    std::vector<task<json>> all;
    for (int i = 0; i < 40; ++i) {
      all.push_back(read_large(room, i % 2 == 0 ? 2'000'000 : 1));
    }
    auto together = troupe::gather(std::move(all));
    co_return json(co_await together);
  });
  for (std::size_t i = 0; i < 40; i += 2) CHECK(got.at(i) == 1'000'000);
}

// The leak sanitizer sees what is left behind.
TEST_CASE("Streams given up while nobody reads them leave nothing behind",
          "[http2]") {
  auto room = trusting_room(1);
  const auto got = room.result_of([&room]() -> task<json> {
    std::vector<http_stream> unread;
    for (int i = 0; i < 8; ++i) {
      unread.push_back(co_await open_large(room));
      co_await unread.back().read();
    }
    auto last = co_await open_large(room);
    std::size_t all = 0;
    for (;;) {
      const auto part = co_await last.read();
      if (!part) break;
      all += part->size();
      if (!unread.empty()) unread.pop_back();
    }
    co_return json(all);
  });
  CHECK(got == 1'000'000);
}
