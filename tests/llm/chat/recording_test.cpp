#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/recording.hpp>

#include <string>
#include <utility>

using troupe::errc;
using troupe::http_request;
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

TEST_CASE("A recording is named with its line, in words", "[recording]") {
  recording made;
  std::string text;
  CHECK(code_of([&] { made.add("{}\n", "a.jsonl"); }, &text) ==
        errc::bad_value);
  CHECK(text ==
        "line 1 of the recording 'a.jsonl' is not a recorded exchange: it has "
        "no member "
        "'response'");
  CHECK(code_of([&] { made.add("\n{\"request\":", "a.jsonl"); }, &text) ==
        errc::bad_value);
  CHECK(text.find("line 2 of the recording 'a.jsonl'") == 0);
  CHECK(text.find("json.exception") == std::string::npos);
}

TEST_CASE("A recorded reply that no server could have given is refused",
          "[recording]") {
  const std::string good =
      R"({"request":{},"response":{"status":200,"headers":{},"body":"ab",)"
      R"("parts":[1,1]}})";
  CHECK(of(good).size() == 1);
  const auto [from, to] = GENERATE(
      std::pair{"200", "99"}, std::pair{"200", "1000"}, std::pair{"200", "2e2"},
      std::pair{"200", "1e300"}, std::pair{"200", "\"200\""},
      std::pair{"{},\"body", "[],\"body"},
      std::pair{"{},\"body", "{\"a\":1},\"body"}, std::pair{"[1,1]", "[-1,3]"},
      std::pair{"[1,1]", "[1,1.0]"}, std::pair{"[1,1]", "{}"},
      std::pair{"[1,1]", "[18446744073709551615,3]"},
      std::pair{"\"ab\"", "[]"});
  auto bad = good;
  bad.replace(bad.find(from), std::string{from}.size(), to);
  INFO(bad);
  std::string text;
  CHECK(code_of([&] { of(bad); }, &text) == errc::bad_value);
  CHECK(text.find("line 1") != std::string::npos);
}

TEST_CASE("A recorded reply has a bounded head", "[recording]") {
  troupe::json headers;
  SECTION("in number") {
    for (int i = 0; i < 101; ++i) headers["h" + std::to_string(i)] = "x";
  }
  SECTION("in bytes") { headers["h"] = std::string(9'000, 'x'); }
  const troupe::json form{
      {"request", troupe::json::object()},
      {"response", {{"status", 200}, {"headers", headers}, {"body", ""}}}};
  CHECK(code_of([&] { of(troupe::write_json(form)); }) == errc::bad_value);
}

TEST_CASE("A line that nests too deeply is refused", "[recording]") {
  const auto deep = R"({"request":)" + std::string(70'000, '[');
  CHECK(code_of([&] { of(deep); }) == errc::bad_value);
}

TEST_CASE("What is not UTF-8 cannot be recorded", "[recording]") {
  CHECK(code_of([] {
          return recording::line_of(asking("q"), answering("\xff"));
        }) == errc::bad_value);
}
