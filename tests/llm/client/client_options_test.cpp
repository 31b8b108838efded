// The effect of the options of a client on its requests and limits, against
// tests/support/servers/model_server.py.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/each_api.hpp"
#include "support/models/fault_room.hpp"
#include "support/scarce_files.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::http_header;
using troupe::json;
using troupe::llm::api;
using troupe::llm::chat_request;
using troupe::llm::client_options;

namespace {

/// The headers of the first request; the server hides keys.
json sent_with(std::vector<http_header> headers, api which, std::string key) {
  fault_room room{script({rule("Done.")})};
  auto how = room.options(which);
  how.headers = std::move(headers);
  how.api_key = std::move(key);
  const auto ended = room.start(how).get();
  INFO((ended.failure ? ended.failure->describe() : ""));
  return room.log().at("requests").at(0).at("headers");
}

}  // namespace

// -- headers ------------------------------------------------------------------

TEST_CASE("The user's headers are sent with every request",
          "[client_options]") {
  const auto headers = sent_with({{"Anthropic-Beta", "one"}, {"X-Mine", "two"}},
                                 each_api(), "test-key");
  CHECK(headers.at("anthropic-beta") == "one");
  CHECK(headers.at("x-mine") == "two");
}

TEST_CASE("A header of the user's wins over the client's own",
          "[client_options]") {
  const auto headers = sent_with({{"Anthropic-Version", "2099-01-01"}},
                                 api::anthropic_messages, "test-key");
  CHECK(headers.at("anthropic-version") == "2099-01-01");
}

TEST_CASE("A header without a value is left out", "[client_options]") {
  const auto headers = sent_with({{"AUTHORIZATION", ""}, {"Accept", ""}},
                                 api::openai_chat, "test-key");
  CHECK_FALSE(headers.contains("authorization"));
}

TEST_CASE("A key among the headers stands for that of the environment",
          "[client_options]") {
  // The tests run with OPENAI_API_KEY.
  CHECK(sent_with({}, api::openai_chat, "").contains("authorization"));
  const auto headers =
      sent_with({{"api-key", "azure-key"}}, api::openai_chat, "");
  CHECK_FALSE(headers.contains("authorization"));
  CHECK(headers.contains("api-key"));
}

TEST_CASE("A header that cannot be sent is named", "[client_options]") {
  const auto [name, value, told] =
      GENERATE(std::tuple{"x a", "v", "invalid header name"},
               std::tuple{"", "v", "invalid header name"},
               std::tuple{"x-a", "v\r\nb: c", "'x-a'"},
               std::tuple{"x-b", "v\n", "'x-b'"},
               std::tuple{"Content-Length", "3", "'Content-Length'"});
  client_room room;
  client_options how;
  how.model = "m";
  how.headers = {{name, value}};
  std::string text;
  CHECK(code_of([&] { return room.client(how); }, &text) == errc::bad_flow);
  INFO(text);
  CHECK(has(text, told));
}

// -- limits -------------------------------------------------------------------

TEST_CASE("What a server claims to have used stops no rate for long",
          "[client_options]") {
  const json usage{{"input", 1'000'000'000'000'000'000}, {"output", 5}};
  fault_room room{script({rule({{"text", "Done."}, {"usage", usage}})})};
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 1'000, .per = 1s};
  allowed.tokens = troupe::rate{.amount = 10'000'000, .per = 1s};
  auto how = room.options(each_api());
  how.rate = troupe::rate_limit{room.system, allowed};
  const troupe::node_options soon{.timeout = 5s};
  CHECK(room.text(how, soon) == "Done.");
  CHECK(room.text(how, soon) == "Done.");
}

TEST_CASE("A client that finds no more files says so", "[client_options]") {
  client_options how;
  how.model = "m";
  troupe::system runtime{{.threads = 1}};
  std::string text;
  {
    const scarce_files none;
    CHECK(code_of(
              [&] {
                return troupe::llm::client{runtime, how};
              },
              &text) == errc::overloaded);
  }
  CHECK(has(text, "files"));
}
