#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/recording.hpp>

#include <string>

using troupe::errc;
using troupe::llm::http_request;
using troupe::llm::recorded_reply;
using troupe::llm::recording;
using troupe_test::code_of;

namespace {

http_request asking(const std::string& body,
                    const std::string& host = "https://one.example") {
  http_request request{"POST", host + "/v1/chat", body};
  request.headers = {{"authorization", "Bearer secret"}};
  return request;
}

recorded_reply answering(const std::string& body) {
  return {{200,
           {{"content-type", "application/json"}, {"set-cookie", "secret"}},
           body},
          {}};
}

recording of(const std::string& lines) {
  recording made;
  made.add(lines);
  return made;
}

}  // namespace

TEST_CASE("What was answered once is answered again", "[recording]") {
  auto subject =
      of(recording::line_of(asking(R"({"q":1})"), answering("one")) + "\n\n" +
         recording::line_of(asking(R"({"q":2})"), answering("two")) + "\n");
  CHECK(subject.size() == 2);
  CHECK(subject.next(asking(R"({"q":2})")).response.body == "two");
  const auto& again = subject.next(asking(R"({"q":1})")).response;
  CHECK(again.body == "one");
  CHECK(again.status == 200);
  CHECK(again.header("content-type") == "application/json");
}

TEST_CASE("A request is known whatever its server and the order of its members",
          "[recording]") {
  auto subject =
      of(recording::line_of(asking(R"({"a":1,"b":2})"), answering("yes")));
  CHECK(subject.next(asking(R"({"b": 2, "a": 1})", "http://127.0.0.1:80"))
            .response.body == "yes");
}

TEST_CASE("A request made again gets its answers in their order",
          "[recording]") {
  auto subject =
      of(recording::line_of(asking("same"), answering("one")) + "\n" +
         recording::line_of(asking("same"), answering("two")));
  CHECK(subject.next(asking("same")).response.body == "one");
  CHECK(subject.next(asking("same")).response.body == "two");
  CHECK(subject.next(asking("same")).response.body == "two");
}

TEST_CASE("Keys and cookies are not recorded", "[recording]") {
  const auto line = recording::line_of(asking("q"), answering("a"));
  CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("The parts of a stream are those that came", "[recording]") {
  auto streamed = answering("one, two");
  streamed.parts = {5, 3};
  auto subject = of(recording::line_of(asking("q"), streamed));
  CHECK(subject.next(asking("q")).parts == streamed.parts);
}

TEST_CASE("A request that was never made has no answer", "[recording]") {
  recording subject;
  std::string text;
  CHECK(code_of([&] { return subject.next(asking("q")).parts; }, &text) ==
        errc::request_failed);
  CHECK(text.find("POST /v1/chat") != std::string::npos);
}

TEST_CASE("A line that is no exchange is named", "[recording]") {
  const auto good = recording::line_of(asking("q"), answering("a"));
  const std::string bad = GENERATE(
      "{", "[]", R"({"request":{}})", R"({"request":{},"response":{}})",
      R"({"request":{},"response":{"status":200,"headers":{},)"
      R"("body":"a","parts":[2]}})",
      "\xff");
  std::string text;
  CHECK(code_of([&] { of(good + "\n" + bad); }, &text) == errc::bad_value);
  CHECK(text.find("line 2") != std::string::npos);
}

TEST_CASE("What is not UTF-8 cannot be recorded", "[recording]") {
  CHECK(code_of([] {
          return recording::line_of(asking("q"), answering("\xff"));
        }) == errc::bad_value);
}
