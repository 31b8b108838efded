// The reaction of a client to a server that fails, against
// tests/support/servers/model_server.py: each fault ends in the right error, or
// in a reply after a retry, within the client's limits.

#include "support/catch.hpp"
#include "support/models/each_api.hpp"
#include "support/models/fault_room.hpp"
#include "support/temporary_file.hpp"
#include "support/tries.hpp"

#include <troupe/llm/client.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::http_limits;
using troupe::json;
using troupe::llm::api;
using troupe::llm::chat_request;

namespace {

/// A fault, and its outcome.
struct fault_case {
  std::string fault;
  errc code{};
  /// In the text of the error.
  std::string part;
  http_limits limits = {};
  /// The parameters of the fault.
  json more = json::object();
  bool is_permanent = false;
};

json reply_of(const fault_case& fault) {
  json reply = fault.more;
  reply["fault"] = fault.fault;
  reply["text"] = "Some words that are to be said.";
  return reply;
}

void check_fault(const fault_case& fault, api which, bool stream) {
  INFO(fault.fault);
  fault_room room{script({rule(reply_of(fault))})};
  auto how = room.options(which);
  how.limits = fault.limits;
  how.stream = stream;
  const auto why = room.failure(std::move(how));
  INFO(why.describe());
  CHECK(why.code() == fault.code);
  CHECK(has(why.message(), fault.part));
  CHECK(why.is_permanent() == fault.is_permanent);
  CHECK_FALSE(has(why.describe(), "secret"));
  // The server may be slower than the client is to give up.
  CHECK(room.log("requests", 1).at("counters").at("requests") == 1);
}

/// Faults below HTTP and in it, whole or streamed.
std::vector<fault_case> broken_exchanges() {
  const json after_20{{"after", 20}};
  const json fast{{"every_ms", 5}};
  const std::size_t small = std::size_t{1} << 20;
  return {
      {"reset_before", errc::request_failed, "(http://127.0.0.1:"},
      {"reset_head", errc::request_failed, "broke off after "},
      {"reset", errc::request_failed, "broke off after ", {}, after_20},
      {"close", errc::request_failed, "(http://127.0.0.1:"},
      {"drop", errc::request_failed, "broke off after 20 bytes", {}, after_20},
      {"garbage", errc::request_failed, "(http://127.0.0.1:"},
      {"silence",
       errc::timed_out,
       "no response arrived within 60 ms",
       {.first_byte = 60ms}},
      {"stall",
       errc::timed_out,
       "no more of the response arrived within 60 ms",
       {.idle = 60ms},
       after_20},
      {"drip",
       errc::timed_out,
       "the response did not end within 150 ms",
       {.total = 150ms},
       fast},
      {"huge",
       errc::too_large,
       "more than http_limits.body_max, 1048576 bytes",
       {.body_max = small},
       {},
       true},
  };
}

}  // namespace

// -- faults -------------------------------------------------------------------

TEST_CASE("An exchange that breaks is an error that says how",
          "[client_fault]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  for (const auto& each : broken_exchanges()) check_fault(each, which, stream);
}

TEST_CASE("A whole reply that is cut short, empty or HTML is a bad reply",
          "[client_fault]") {
  const auto which = each_api();
  for (const auto* fault :
       {"short_length", "truncated_json", "empty", "html"}) {
    check_fault({fault, errc::bad_reply, ""}, which, /*stream=*/false);
  }
}

TEST_CASE("A body that is shorter than its head says has broken off",
          "[client_fault]") {
  check_fault({"long_length", errc::request_failed, "broke off after "},
              each_api(), /*stream=*/false);
}

TEST_CASE("A stream of cut JSON, or of HTML, is a bad reply",
          "[client_fault]") {
  const auto which = each_api();
  for (const auto* fault : {"truncated_json", "html"}) {
    check_fault({fault, errc::bad_reply, ""}, which, /*stream=*/true);
  }
}

TEST_CASE("Bytes that are no text are marked in a reply, and in a recording",
          "[client_fault]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  const temporary_file file{"bad_utf8.jsonl"};
  fault_room room{
      script({rule({{"text", "Some words."}, {"fault", "bad_utf8"}})})};
  auto how = room.options(which);
  how.stream = stream;
  how.record_to = file.path;
  const auto said = room.text(how);
  CHECK(has(said, "\xEF\xBF\xBD"));
  how.record_to.clear();
  how.replay_from = file.path;
  CHECK(room.text(how) == said);
}

TEST_CASE("A stream that ends too soon tells how much text had come",
          "[client_fault]") {
  fault_room room{script(
      {rule({{"text", "Some words."}, {"fault", "cut"}, {"after", 2}})})};
  auto how = room.options();
  how.stream = true;
  const auto why = room.failure(how);
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "cut off after 5 bytes"));
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("A stream without any event was cut off", "[client_fault]") {
  check_fault({"empty", errc::request_failed, "cut off after 0 bytes"},
              each_api(), /*stream=*/true);
}

TEST_CASE("A server that gives up in the middle of a stream may be tried again",
          "[client_fault]") {
  const auto which = each_api();
  const bool is_anthropic = which == api::anthropic_messages;
  check_fault(
      {"error_event", is_anthropic ? errc::rate_limited : errc::request_failed,
       is_anthropic ? "Overloaded" : "The server had an error"},
      which, /*stream=*/true);
}

TEST_CASE("A line of a stream that has no end is given up", "[client_fault]") {
  check_fault({"endless_line",
               errc::too_large,
               "more than http_limits.body_max, 1048576 bytes",
               {.body_max = std::size_t{1} << 20},
               {},
               true},
              each_api(), /*stream=*/true);
}

TEST_CASE("A packed reply is no fault", "[client_fault]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  fault_room room{script({rule({{"text", "Done."}, {"fault", "gzipped"}})})};
  auto how = room.options(which);
  how.stream = stream;
  CHECK(room.text(std::move(how)) == "Done.");
}

TEST_CASE("A kept connection that breaks before the reply is replaced",
          "[client_fault]") {
  const auto* fault = GENERATE("reset_before", "close");
  fault_room room{
      script({rule("Before.", 1), rule({{"fault", fault}}, 1), rule("Done.")})};
  const auto model = room.client(room.options());
  room.chat(model, chat_request{"One."});
  const auto reply = room.chat(model, chat_request{"Two."});
  CHECK(reply.at("message").at("text") == "Done.");
  CHECK(room.count("requests") == 3);
}

TEST_CASE("A fault that passes is over after a retry", "[client_fault]") {
  const bool stream = GENERATE(false, true);
  for (const auto& each : broken_exchanges()) {
    if (each.is_permanent) continue;
    INFO(each.fault);
    fault_room room{script({rule(reply_of(each), 1), rule("Done.")})};
    auto how = room.options();
    how.limits = each.limits;
    how.stream = stream;
    // On a machine that is busy the second may come too late as well.
    CHECK(room.text(std::move(how), tries(20)) == "Done.");
    CHECK(room.count("requests") >= 2);
  }
}

// -- secrets ------------------------------------------------------------------

TEST_CASE("A key does not show in an error, even if the server repeats it",
          "[client_fault]") {
  const auto which = each_api();
  const bool stream = GENERATE(false, true);
  const auto text = std::string{"Incorrect API key: test-key-secret"};
  const json body{
      {"type", "error"},
      {"error", {{"type", "authentication_error"}, {"message", text}}}};
  fault_room room{script({rule({{"status", 401}, {"body", body}})})};
  auto how = room.options(which);
  how.stream = stream;
  const auto why = room.failure(std::move(how));
  CHECK(has(why.message(), "401"));
  CHECK(has(why.message(), "Incorrect API key"));
  CHECK_FALSE(has(why.describe(), "secret"));
}

TEST_CASE("A key that a server repeats is left out before the text is cut",
          "[client_fault]") {
  const auto text = std::string(490, 'x') + "test-key-secret";
  fault_room room{script({rule({{"status", 401}, {"body", text}})})};
  CHECK_FALSE(has(room.failure(room.options()).describe(), "test-key"));
}

TEST_CASE("A key that is repeated inside of a stream does not show",
          "[client_fault]") {
  const json told{{"error", {{"message", "no quota for test-key-secret"}}}};
  fault_room room{
      script({rule({{"status", 200},
                    {"headers", {{"content-type", "text/event-stream"}}},
                    {"body", "data: " + told.dump() + "\n\n"}})})};
  auto how = room.options();
  how.stream = true;
  const auto why = room.failure(std::move(how));
  CHECK(has(why.message(), "no quota for"));
  CHECK_FALSE(has(why.describe(), "secret"));
}
