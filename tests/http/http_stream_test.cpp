// Responses that are read as they come, over real sockets.

#include "support/catch.hpp"
#include "support/models/http_room.hpp"

#include <troupe/http/http.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::error;
using troupe::http_client;
using troupe::http_request;
using troupe::json;
using troupe::task;

namespace {

/// Reads a stream to its end: the parts, and how it ended.
task<json> read_all(http_client web, std::string url) {
  http_request ask{std::move(url)};
  auto stream = co_await web.open(std::move(ask));
  json whole{{"status", stream.head().status}, {"parts", json::array()}};
  std::string end;
  try {
    for (;;) {
      const auto part = co_await stream.read();
      if (!part) break;
      whole["parts"].push_back(*part);
    }
  } catch (const error& why) {
    end = why.message();
  }
  whole["error"] = end;
  co_return whole;
}

std::string joined(const json& parts) {
  std::string whole;
  for (const auto& each : parts) whole += each.get<std::string>();
  return whole;
}

}  // namespace

TEST_CASE("A stream gives the body in order, then its end", "[http_stream]") {
  http_room room;
  const auto got = room.result_of(
      [&room] { return read_all(room.web, server("/chunks/100")); });
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "line " + std::to_string(i) + "\n";
  CHECK(got.at("status") == 200);
  CHECK(joined(got.at("parts")) == lines);
  CHECK(got.at("error") == "");
}

TEST_CASE("A stream that has ended stays so", "[http_stream]") {
  http_room room;
  const auto ends = room.result_of([&room]() -> task<json> {
    auto stream = co_await room.web.open(http_request(server("/bytes/0")));
    const auto first = co_await stream.read();
    const auto second = co_await stream.read();
    co_return json{first.has_value(), second.has_value()};
  });
  CHECK(ends == json{false, false});
}

TEST_CASE("A stream that breaks off fails after what had come",
          "[http_stream]") {
  http_room room;
  const auto got = room.result_of(
      [&room] { return read_all(room.web, server("/cut/1234")); });
  CHECK(joined(got.at("parts")) == std::string(1234, 'x'));
  CHECK(has(got.at("error").get<std::string>(), "broke off after 1234 bytes"));
}

TEST_CASE("A stream that has failed stays so", "[http_stream]") {
  http_room room;
  const auto errors = room.result_of([&room]() -> task<json> {
    auto stream = co_await room.web.open(http_request(server("/cut/10")));
    json seen = json::array();
    while (seen.size() < 2) {
      try {
        const auto part = co_await stream.read();
        if (!part) break;
      } catch (const error& why) {
        seen.push_back(why.message());
      }
    }
    co_return seen;
  });
  REQUIRE(errors.size() == 2);
  CHECK(errors.at(0) == errors.at(1));
}

TEST_CASE("A body that gets too long while nobody reads is refused as such",
          "[http_stream]") {
  http_room room{{.unread_max = 1}};
  const auto text = room.result_of([&room]() -> task<json> {
    http_request ask{server("/bytes/1000000")};
    ask.limits.body_max = 100'000;
    auto stream = co_await room.web.open(std::move(ask));
    try {
      for (;;) {
        co_await troupe::sleep_for(1ms);
        const auto part = co_await stream.read();
        if (!part) break;
      }
    } catch (const error& why) {
      co_return json{why.message(), why.is_permanent()};
    }
    co_return "it was not";
  });
  CHECK(has(text.at(0).get<std::string>(),
            "more than http_limits.body_max, 100000 bytes"));
  CHECK(text.at(1) == true);
}

TEST_CASE("Who reads slowly makes the server wait and loses nothing",
          "[http_stream]") {
  http_room room{{.unread_max = 50'000}};
  const auto got = room.result_of([&room]() -> task<json> {
    auto stream =
        co_await room.web.open(http_request(server("/bytes/3000000")));
    std::size_t all = 0;
    std::size_t most = 0;
    for (;;) {
      const auto part = co_await stream.read();
      if (!part) break;
      all += part->size();
      most = std::max(most, part->size());
      co_await troupe::sleep_for(1ms);
    }
    co_return json{all, most};
  });
  CHECK(got.at(0) == 3'000'000);
  CHECK(got.at(1) <= 50'000);
}

TEST_CASE("Time in which nobody reads does not count as a stall",
          "[http_stream]") {
  http_room room{{.unread_max = 1}};
  const auto all = room.result_of([&room]() -> task<json> {
    http_request ask{server("/bytes/1000000")};
    ask.limits.idle = 1s;
    auto stream = co_await room.web.open(std::move(ask));
    co_await troupe::sleep_for(2s);
    std::size_t got = 0;
    for (;;) {
      const auto part = co_await stream.read();
      if (!part) break;
      got += part->size();
    }
    co_return got;
  });
  CHECK(all == 1'000'000);
}

TEST_CASE("A stream that nobody holds any more is dropped", "[http_stream]") {
  http_room room{{.exchanges_max = 1}};
  const auto status = room.result_of([&room]() -> task<json> {
    {
      auto stream = co_await room.web.open(http_request(server("/drip/1")));
      const auto part = co_await stream.read();
      if (!part) co_return "ended";
    }
    const auto next = co_await room.web.send(http_request(server("/echo")));
    co_return next.status;
  });
  CHECK(status == 200);
}

TEST_CASE("A read that is cancelled ends its stream", "[http_stream]") {
  http_room room{{.exchanges_max = 1}};
  const auto codes = room.result_of([&room]() -> task<json> {
    json found = json::array();
    auto stream = co_await room.web.open(http_request(server("/stall/0")));
    for (int i = 0; i < 2; ++i) {
      try {
        const auto part = co_await troupe::within(20ms, stream.read());
      } catch (const error& why) {
        found.push_back(std::string{to_string(why.code())});
      }
    }
    const auto next = co_await room.web.send(http_request(server("/echo")));
    found.push_back(next.status);
    co_return found;
  });
  CHECK(codes == json{"timed_out", "cancelled", 200});
}
