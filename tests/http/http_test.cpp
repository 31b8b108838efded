// HTTP over real sockets, against tests/support/servers/http_server.py.

#include "actor/lite_actor.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"
#include "support/models/http_room.hpp"
#include "support/scarce_files.hpp"

#include <troupe/gather.hpp>
#include <troupe/http/http.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::http_client;
using troupe::http_limits;
using troupe::http_options;
using troupe::http_request;
using troupe::http_response;
using troupe::json;
using troupe::state;
using troupe::task;

// -- whole responses ----------------------------------------------------------

TEST_CASE("A request arrives as it was sent", "[http]") {
  http_room room;
  http_request ask{"POST", server("/echo"), "a body"};
  ask.headers = {{"X-Key", "secret"}, {"X-Empty", ""}};
  const auto reply = room.send(std::move(ask));
  CHECK(reply.at("status") == 200);
  const auto got = json::parse(reply.at("body").get<std::string>());
  CHECK(got.at("method") == "POST");
  CHECK(got.at("body") == "a body");
  const auto& headers = got.at("headers");
  CHECK(std::count(headers.begin(), headers.end(), json({"x-key", "secret"})) ==
        1);
  CHECK(std::count(headers.begin(), headers.end(), json({"x-empty", ""})) == 1);
}

TEST_CASE("Every method is sent under its name", "[http]") {
  http_room room;
  const std::string method = GENERATE("GET", "POST", "PUT", "PATCH", "DELETE");
  const auto reply = room.send(http_request{method, server("/echo")});
  CHECK(json::parse(reply.at("body").get<std::string>()).at("method") ==
        method);
}

TEST_CASE("Any status is a response", "[http]") {
  http_room room;
  const int status = GENERATE(201, 400, 404, 429, 500);
  const auto reply = room.get("/status/" + std::to_string(status));
  CHECK(reply.at("status") == status);
  CHECK(reply.at("headers").at("x-request-id") == "id 7");
  CHECK(reply.at("body") == "as you say");
}

TEST_CASE("A redirect is not followed", "[http]") {
  http_room room;
  const auto reply = room.get("/redirect");
  CHECK(reply.at("status") == 302);
  CHECK(reply.at("headers").at("location") == "/echo");
}

TEST_CASE("A packed body is unpacked", "[http]") {
  http_room room;
  CHECK(room.get("/packed/100000").at("body") == std::string(100'000, 'x'));
}

TEST_CASE("A header is found by its name in lower case", "[http]") {
  http_response reply;
  reply.headers = {{"a", "1"}, {"a", "2"}};
  CHECK(reply.header("a") == "1");
  CHECK_FALSE(reply.header("b").has_value());
}

TEST_CASE("A connection is used again", "[http]") {
  http_room room;
  const auto port = [&] {
    const auto body = room.get("/echo").at("body").get<std::string>();
    return json::parse(body).at("port").get<int>();
  };
  const int first = port();
  CHECK(port() == first);
}

// -- limits -------------------------------------------------------------------

TEST_CASE("After a hint, the response may take as long as without one",
          "[http]") {
  http_room room;
  CHECK(room.get("/hint/2000", {.idle = 1s}).at("body") == "done");
  http_request ask{server("/hint/5000")};
  ask.limits.first_byte = 100ms;
  CHECK(has(room.failure(ask).message(), "no response arrived within 100 ms"));
}

TEST_CASE("Limits as long as time goes do not limit", "[http]") {
  http_room room;
  const auto all = troupe::duration::max();
  CHECK(room.get("/hint/20",
                 {.connect = all, .first_byte = all, .idle = all, .total = all})
            .at("body") == "done");
}

TEST_CASE("A server that says nothing is not waited for longer than allowed",
          "[http]") {
  http_room room;
  const auto why = room.failure("/silence", {.first_byte = 50ms});
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(),
            "no response arrived within 50 ms (http://127.0.0.1:"));
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("A response that stalls is not waited for longer than allowed",
          "[http]") {
  http_room room;
  const auto why = room.failure("/stall/1000", {.idle = 50ms});
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(), "no more of the response arrived within 50 ms"));
}

TEST_CASE("A response that drips has to end in time", "[http]") {
  http_room room;
  const auto why = room.failure("/drip/5", {.idle = 10s, .total = 100ms});
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(), "the response did not end within 100 ms"));
}

TEST_CASE("A place in the pool is not waited for longer than allowed",
          "[http]") {
  http_room room{{.connections_per_host_max = 1}};
  const auto both = [&room]() -> task<json> {
    std::vector<task<http_response>> all;
    http_request ask{server("/silence")};
    all.push_back(room.web.send(ask));
    ask.limits.connect = 50ms;
    all.push_back(room.web.send(ask));
    co_await troupe::gather(std::move(all));
    co_return "both";
  };
  std::string text;
  CHECK(code_of([&] { room.result_of(both); }, &text) == errc::timed_out);
  CHECK(has(text, "no connection was established within 50 ms"));
}

TEST_CASE("Exchanges wait rather than run out of files", "[http]") {
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  rlimit few = files;
  few.rlim_cur = 100;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  http_room room;
  const auto all = room.result_of([&room]() -> task<json> {
    std::vector<task<http_response>> asks;
    for (int i = 0; i < 200; ++i) {
      asks.push_back(room.web.send(http_request(server("/bytes/1"))));
    }
    const auto replies = co_await troupe::gather(std::move(asks));
    co_return replies.size();
  });
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  CHECK(all == 200);
}

TEST_CASE("A body that is too long is refused for good, packed or not",
          "[http]") {
  http_room room;
  const auto* path = GENERATE("/bytes/", "/packed/");
  const auto url = path + std::to_string(100'000);
  CHECK(room.get(url, {.body_max = 100'000}).at("status") == 200);
  const auto why = room.failure(url, {.body_max = 99'999});
  CHECK(why.code() == errc::too_large);
  CHECK(has(why.message(), "more than http_limits.body_max, 99999 bytes"));
  CHECK(why.is_permanent());
}

TEST_CASE("A head that is too long is refused", "[http]") {
  http_room room;
  const auto why = room.failure("/long_head/2000");
  CHECK(why.code() == errc::too_large);
}

TEST_CASE("A line of a head that does not end is refused as such", "[http]") {
  http_room room;
  const auto why = room.failure("/long_line/1000000");
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "a line of the response headers has more than"));
}

TEST_CASE("A proxy that refuses is told from the server", "[http]") {
  const auto [path, code, text] =
      GENERATE(std::tuple{"https://wants-credentials.test/", errc::unauthorized,
                          "the proxy that the environment names did not accept "
                          "its credentials"},
               std::tuple{"https://other.test/", errc::request_failed,
                          "it answered CONNECT with status 502"});
  setenv("https_proxy", server("").c_str(), 1);
  http_room room;
  const auto why = room.failure(http_request{"GET", path});
  unsetenv("https_proxy");
  CHECK(why.code() == code);
  CHECK(has(why.message(), text));
}

TEST_CASE("A connection for which there is no file says so", "[http]") {
  http_room room;
  CHECK(room.get("/status/200").at("status") == 200);
  const scarce_files none;
  const auto why =
      room.failure(http_request{"GET", server("/echo", "HTTPS_SERVER")});
  CHECK(why.code() == errc::overloaded);
  CHECK(has(why.message(), "cannot open more files"));
}

TEST_CASE("No more exchanges run at once than allowed", "[http]") {
  http_room room{{.exchanges_max = 1}};
  const auto code = room.result_of([&room]() -> task<json> {
    const auto first = co_await room.web.open(http_request(server("/stall/1")));
    std::string refused;
    try {
      const auto second = co_await room.web.send(http_request(server("/echo")));
    } catch (const error& why) {
      refused = to_string(why.code());
    }
    co_return refused;
  });
  CHECK(code == "overloaded");
  CHECK(room.get("/echo").at("status") == 200);
}

TEST_CASE("A run that is cancelled drops its exchange", "[http]") {
  http_room room{{.exchanges_max = 1}};
  struct opens {
    http_client web;
    std::shared_ptr<std::promise<void>> has_opened;
    task<> exec() const {
      const auto stream = co_await web.open(http_request(server("/stall/1")));
      has_opened->set_value();
      co_await troupe::sleep_for(1h);
    }
  };
  const auto opened = std::make_shared<std::promise<void>>();
  const auto run = room.system.start(one_node(opens{room.web, opened}));
  opened->get_future().wait();
  run.cancel();
  CHECK(run.get().failure.value().code() == errc::cancelled);
  CHECK(room.get("/echo").at("status") == 200);
}

// -- failures -----------------------------------------------------------------

TEST_CASE("A response that breaks off tells how much had come", "[http]") {
  http_room room;
  const auto* path = GENERATE("/cut/1234", "/reset/1234");
  const auto why = room.failure(path);
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "broke off after "));
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("What is no HTTP is refused", "[http]") {
  http_room room;
  CHECK(room.failure("/garbage").code() == errc::request_failed);
}

TEST_CASE("A server that is not there can be tried again", "[http]") {
  http_room room;
  const auto why = room.failure(http_request{"http://127.0.0.1:1/"});
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "(http://127.0.0.1:1)"));
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE(
    "A request of an invalid address, header or limit is refused for good",
    "[http]") {
  http_room room;
  std::string text;
  http_request wrong{"http://user:hidden@127.0.0.1:1/?key=hidden"};
  SECTION("address") { wrong.url = "no address:hidden"; }
  SECTION("scheme") { wrong.url = "ftp://hidden@127.0.0.1/"; }
  SECTION("method") { wrong.method = "GET /hidden"; }
  SECTION("name") { wrong.headers = {{"hidden:", "x"}}; }
  SECTION("value") { wrong.headers = {{"x", "a\r\nb: hidden"}}; }
  SECTION("connect") { wrong.limits.connect = 0ms; }
  SECTION("first byte") { wrong.limits.first_byte = 0ms; }
  SECTION("idle") { wrong.limits.idle = -1ms; }
  SECTION("total") { wrong.limits.total = 0ms; }
  SECTION("body") { wrong.limits.body_max = 0; }
  const auto why = room.failure(std::move(wrong));
  CHECK(why.code() == errc::bad_value);
  CHECK(why.is_permanent());
  CHECK_FALSE(has(why.describe(), "hidden"));
}

TEST_CASE("No error shows what a request is not to show", "[http]") {
  http_room room;
  auto address = server("/cut/3?key=hidden");
  address.insert(std::string{"http://"}.size(), "user:hidden@");
  http_request ask{"POST", std::move(address), "hidden"};
  ask.headers = {{"authorization", "Bearer hidden"}};
  CHECK_FALSE(has(room.failure(std::move(ask)).describe(), "hidden"));
}

// -- TLS ----------------------------------------------------------------------

TEST_CASE("A server whose certificate nobody trusts is refused for good",
          "[http]") {
  http_room room;
  const auto why = room.failure(http_request(server("/echo", "HTTPS_SERVER")));
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "cannot verify the server's certificate"));
  CHECK(why.is_permanent());
}

TEST_CASE("Certificates to trust come from the options or the environment",
          "[http]") {
  const std::string file = "tests/data/tls/localhost.pem";
  http_options options;
  SECTION("options") { options.ca_file = file; }
  const char* name = nullptr;
  SECTION("SSL_CERT_FILE") { name = "SSL_CERT_FILE"; }
  SECTION("CURL_CA_BUNDLE") { name = "CURL_CA_BUNDLE"; }
  if (name != nullptr) setenv(name, file.c_str(), 1);
  http_room room{options};
  if (name != nullptr) unsetenv(name);
  const auto reply = room.send(http_request(server("/echo", "HTTPS_SERVER")));
  CHECK(reply.at("status") == 200);
}

// -- clients ------------------------------------------------------------------

TEST_CASE("Client options out of their bounds are refused", "[http]") {
  troupe::system runtime{{.threads = 1}};
  const auto refused = [&](http_options options) {
    return code_of([&] { http_client{runtime, options}; }) == errc::bad_flow;
  };
  CHECK(refused({.connections_max = 0}));
  CHECK(refused({.connections_per_host_max = 0}));
  CHECK(refused({.exchanges_max = 0}));
  CHECK(refused({.unread_max = 0}));
}

TEST_CASE("A simulation has no network", "[http]") {
  troupe::testing::simulation sim;
  CHECK(code_of([&] { http_client{sim.system()}; }) == errc::bad_flow);
}

TEST_CASE("A client may be gone before its exchange has ended", "[http]") {
  troupe::system runtime{{.threads = 2}};
  auto web = std::make_unique<http_client>(runtime);
  const auto run = runtime.start(one_node(does{[copy = *web]() -> task<json> {
    const auto reply = co_await copy.send(http_request(server("/bytes/10")));
    co_return seen(reply);
  }}));
  web.reset();
  CHECK(run.get().ok());
}

TEST_CASE("What a client starts is gone with it", "[http]") {
  const long before = troupe::detail::lite_actor::live();
  {
    http_room room;
    const auto run = room.system.start(one_node(does{[&room]() -> task<json> {
      std::vector<task<http_response>> all;
      for (int i = 0; i < 20; ++i) {
        all.push_back(room.web.send(http_request{server("/silence")}));
      }
      co_await troupe::gather(std::move(all));
      co_return "all";
    }}));
    CHECK(room.get("/echo").at("status") == 200);
    run.cancel();
  }
  CHECK(troupe::detail::lite_actor::live() == before);
}
