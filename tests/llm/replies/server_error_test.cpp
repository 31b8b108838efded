// Errors that servers report in replies with a good status. The cases come from
// public reports, which are named.

#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"
#include "support/has.hpp"

#include <troupe/llm/chat_format.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe::llm;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;

namespace {

error whole_failure(std::string_view body,
                    const chat_format& format = openai_chat()) {
  return failure_of([&] { return format.decode(body); });
}

}  // namespace

TEST_CASE("An error in a reply with a good status is one, in all formats",
          "[server_error]") {
  const std::vector<std::string> bodies = {
      R"({"error": {"message": "so it is", "code": 429}})",
      R"({"error": {"message": "so it is", "code": "429"}})",
      R"({"error": {"message": "so it is", "status": 429}})",
      R"({"error": {"message": "so it is", "status": "RESOURCE_EXHAUSTED"}})",
      R"({"error": {"message": "so it is", "type": "RateLimitError"}})",
      R"({"error": {"message": "so it is"}, "status_code": 429})",
      R"({"error": "so it is", "code": 429})",
      R"({"error": [{"message": "so it is", "code": 429}]})",
      R"([{"error": {"message": "so it is", "code": 429}}])",
      R"({"errors": [{"message": "so it is", "code": 429}], "result": null})",
      R"({"type": "error", "error": {"type": "rate_limit_error",
          "message": "so it is"}})",
      R"({"object": "error", "message": "so it is", "code": 429})",
      R"({"code": 429, "message": "so it is", "data": null})",
      R"({"type": "rate_limit_error", "message": "so it is"})",
      R"({"choices": null, "error": {"message": "so it is", "code": 429}})",
      R"({"choices": [{"error": {"message": "so it is", "code": 429},
          "finish_reason": "error"}]})"};
  for (const auto& each : bodies) {
    for (const auto* format : formats) {
      CAPTURE(each);
      const auto whole = whole_failure(each, *format);
      CHECK(whole.code() == errc::rate_limited);
      CHECK(has(whole.message(), "so it is"));
      std::string line = each;
      line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
      const auto part = stream_failure("data: " + line + "\n\n", *format);
      CHECK(part.code() == errc::rate_limited);
      CHECK(has(part.message(), "so it is"));
    }
  }
}

TEST_CASE("The status inside of a reply says whether to try again",
          "[server_error]") {
  const auto of = [](const char* code) {
    return whole_failure(R"({"error": {"message": "no", "code": )" +
                         std::string{code} + "}}");
  };
  CHECK(of("400").is_permanent());
  CHECK(of("401").is_permanent());
  CHECK(of("401").code() == errc::unauthorized);
  CHECK(of("\"invalid_api_key\"").code() == errc::unauthorized);
  CHECK_FALSE(of("502").is_permanent());
  CHECK_FALSE(of("1234").is_permanent());
  CHECK_FALSE(of("null").is_permanent());
}

TEST_CASE("An event of the type error is one, whatever it has",
          "[server_error]") {
  // ai_clients_dart#88
  for (const auto* format : formats) {
    CHECK(
        has(stream_failure("event: error\ndata: Too many requests\n\n", *format)
                .message(),
            "Too many requests"));
    CHECK(has(stream_failure("event: error\n"
                             "data: {\"code\":\"server_error\","
                             "\"message\":\"gone\"}\n\n",
                             *format)
                  .message(),
              "gone"));
  }
}

TEST_CASE("An error in a field of its own is one", "[server_error]") {
  // llama.cpp#16104
  const std::string stream =
      "error: {\"code\":400,\"message\":\"the context is too small\"}\n\n";
  for (const auto* format : formats) {
    const auto why = stream_failure(stream + done, *format);
    CHECK(why.is_permanent());
    CHECK(has(why.message(), "the context is too small"));
  }
}

TEST_CASE("A model that ends with an error can be asked again",
          "[server_error]") {
  // houston#1211
  const auto why = stream_failure(
      chat_stream_of({R"({"index": 0, "delta": {"content": "He"}})",
                      R"({"index": 0, "delta": {},
                          "finish_reason": "error"})"}) +
      done);
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("What the server behind a gateway said is told", "[server_error]") {
  // open-webui/computer#293
  const auto why =
      whole_failure(R"({"error": {"message": "Provider returned error",
                       "code": 429, "metadata": {"raw": "in an hour"}}})");
  CHECK(has(why.message(), "Provider returned error: in an hour"));
}

TEST_CASE("A member that says nothing is no error", "[server_error]") {
  for (const char* each : {"null", "\"\"", "{}", "[]", "false", "0"}) {
    CAPTURE(each);
    const auto reply = openai_chat().decode(
        R"({"choices": [{"message": {"content": "Hi"}}], "error": )" +
        std::string{each} + "}");
    CHECK(reply.text() == "Hi");
  }
}

TEST_CASE("What is no reply shows its first bytes", "[server_error]") {
  for (const auto* format : formats) {
    CHECK(has(whole_failure("<html>\x1b[31mBad</html>", *format).message(),
              "<html>\xEF\xBF\xBD[31mBad</html>"));
    const auto why = whole_failure(R"({"result": "Not Found"})", *format);
    CHECK(why.code() == errc::bad_reply);
    CHECK(has(why.message(), "Not Found"));
    CHECK(whole_failure(std::string(100'000, 'x'), *format).message().size() <
          700);
  }
}

TEST_CASE("JSON that nests too deep is refused", "[server_error]") {
  const auto deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const auto* format : formats) {
    CHECK(whole_failure(deep, *format).code() == errc::bad_reply);
    CHECK(stream_failure("data: " + deep + "\n\n", *format).code() ==
          errc::bad_reply);
  }
}

TEST_CASE("Arguments that nest too deep are kept as text", "[server_error]") {
  const auto deep = std::string(1'000, '[') + std::string(1'000, ']');
  const json call{{"id", "a"},
                  {"function", {{"name", "add"}, {"arguments", deep}}}};
  const json said{{"message", {{"tool_calls", json::array({call})}}}};
  const json body{{"choices", json::array({said})}};
  CHECK(openai_chat().decode(body.dump()).message.calls.at(0).arguments ==
        deep);
}

TEST_CASE("A response that failed says why", "[server_error]") {
  const auto why = stream_failure(
      "data: {\"type\": \"response.failed\", \"response\": "
      "{\"status\": \"failed\", \"error\": {\"code\": "
      "\"rate_limit_exceeded\", \"message\": \"slow\"}}}\n\n",
      openai_responses());
  CHECK(why.code() == errc::rate_limited);
  CHECK(has(why.message(), "slow"));
  CHECK(stream_failure("data: {\"type\": \"response.failed\", \"response\": "
                       "{\"status\": \"failed\", \"error\": null}}\n\n",
                       openai_responses())
            .code() == errc::request_failed);
}

TEST_CASE("An error that says nothing beside a reply is none",
          "[server_error]") {
  for (const char* none :
       {R"({"code": 0, "message": ""})", R"({"code": 0, "message": null})",
        "{}", "[]", "0", "\"\""}) {
    INFO(none);
    const auto body = R"({"choices": [{"message": {"content": "Hi"},
                          "finish_reason": "stop"}], "error": )" +
                      std::string{none} + "}";
    CHECK(openai_chat().decode(body).text() == "Hi");
  }
}

namespace {

void check_error(const std::string& body, errc code, bool permanent,
                 std::string_view words) {
  CAPTURE(body);
  for (const auto* format : formats) {
    const auto why = whole_failure(body, *format);
    CHECK(why.code() == code);
    CHECK(why.is_permanent() == permanent);
    CHECK(has(why.message(), std::string{words}));
    const auto streamed_why = stream_failure("data: " + body + "\n\n", *format);
    CHECK(streamed_why.code() == code);
    CHECK(streamed_why.is_permanent() == permanent);
  }
}

}  // namespace

TEST_CASE("Errors of Amazon's services are told by what they are called",
          "[server_error]") {
  check_error(R"({"message": "so it is"})", errc::request_failed, false,
              "so it is");
  check_error(R"({"Message": "so it is"})", errc::request_failed, false,
              "so it is");
  check_error(R"({"__type": "com.amazon#ThrottlingException"})",
              errc::rate_limited, false, "ThrottlingException");
  check_error(
      R"({"Output": {"__type": "com.amazon.coral#UnknownOperationException"},)"
      R"("Version": "1.0"})",
      errc::request_failed, true, "UnknownOperationException");
  check_error(R"({"__type": "AccessDeniedException", "Message": "so it is"})",
              errc::unauthorized, true, "so it is");
  check_error(R"({"throttlingException": {"message": "so it is"}})",
              errc::rate_limited, false, "so it is");
  check_error(R"({"modelStreamErrorException": {"message": "so it is",)"
              R"("originalStatusCode": 400}})",
              errc::request_failed, true, "so it is");
  CHECK(stream_failure("event: throttlingException\ndata: {\"message\": \"so "
                       "it is\"}\n\n")
            .code() == errc::rate_limited);
}

TEST_CASE("An error may be inside of the words of another", "[server_error]") {
  check_error(
      R"({"error": {"message": "Bedrock: {\"message\": \"x\", \"status\":)"
      R"(429}"}})",
      errc::rate_limited, false, "Bedrock");
  check_error(
      R"({"error": {"message": "{\"error\": {\"code\": \"invalid_api_key\",)"
      R"(\"message\": \"so it is\"}}"}})",
      errc::unauthorized, true, "): so it is");
  check_error(
      R"({"error": {"message": "x {\"code\": \"insufficient_quota\"} y"}})",
      errc::request_failed, true, "insufficient_quota");
  check_error(
      R"({"error": "Error code: 429 - {'error': {'message': 'slow'}}"})",
      errc::rate_limited, false, "slow");
  check_error(R"({"error": "HTTP 401 Unauthorized"})", errc::unauthorized, true,
              "HTTP 401");
  check_error(R"({"error": "status of 4000 tokens"})", errc::request_failed,
              false, "4000");
}

TEST_CASE("The numbers of MiniMax stand for a status", "[server_error]") {
  const auto body = [](int code) {
    return R"({"id": "r", "object": "chat.completion", "choices": null,)"
           R"("usage": {"total_tokens": 0}, "base_resp": {"status_code": )" +
           std::to_string(code) + R"(, "status_msg": "so it is"}})";
  };
  check_error(body(1002), errc::rate_limited, false, "so it is");
  check_error(body(1004), errc::unauthorized, true, "so it is");
  check_error(body(1008), errc::request_failed, true, "so it is");
  check_error(body(2013), errc::request_failed, true, "so it is");
  check_error(body(1013), errc::request_failed, false, "so it is");
  const auto fine = openai_chat().decode(
      R"({"choices": [{"message": {"content": "Hello"}}],
          "base_resp": {"status_code": 0, "status_msg": ""}})");
  CHECK(fine.text() == "Hello");
}

TEST_CASE("The message of an error says more than its name", "[server_error]") {
  check_error(R"({"statusCode": 429, "error": "Too Many Requests",)"
              R"("message": "so it is"})",
              errc::rate_limited, false, "so it is");
}

TEST_CASE("Errors in capitals, and with numbers alone, are errors",
          "[server_error]") {
  check_error(R"({"Response": {"Error": {"Code": "RequestLimitExceeded",)"
              R"("Message": "so it is"}, "RequestId": "r"}})",
              errc::rate_limited, false, "so it is");
  check_error(R"({"code": 10013, "message": "so it is", "sid": "s"})",
              errc::request_failed, false, "so it is");
  check_error(R"({"errcode": 17, "msg": "so it is"})", errc::request_failed,
              false, "so it is");
}
