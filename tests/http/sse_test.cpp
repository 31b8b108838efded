#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/http/sse.hpp>

#include <rapidcheck.h>

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

using namespace std::string_literals;
using namespace std::chrono_literals;
using troupe::errc;
using troupe::sse_event;
using troupe::sse_parser;
using troupe_test::code_of;

namespace {

using seen = std::vector<std::tuple<std::string, std::string, std::string>>;

void take_all(sse_parser& from, seen& into) {
  while (auto event = from.next()) {
    into.emplace_back(event->type, event->data, event->id);
  }
}

seen events_of(std::string_view stream) {
  sse_parser parser;
  parser.feed(stream);
  seen all;
  take_all(parser, all);
  return all;
}

/// Returns lines that a stream may have.
const std::vector<std::string>& lines() {
  static const std::vector<std::string> all{"",
                                            "data: a",
                                            "data:b",
                                            "data",
                                            "data:  c: d",
                                            ":",
                                            ": talk",
                                            "event: e",
                                            "event",
                                            "id: 7",
                                            "id",
                                            "id: \0x"s,
                                            "retry: 20",
                                            "retry: soon",
                                            "unknown: x",
                                            "error: x",
                                            " data: x",
                                            "\xEF\xBB\xBF"
                                            "data: y"};
  return all;
}

rc::Gen<std::string> streams() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::map(
          rc::gen::pair(rc::gen::elementOf(lines()),
                        rc::gen::element("\n"s, "\r"s, "\r\n"s)),
          [](const auto& line) { return line.first + line.second; })),
      [](const auto& parts) {
        std::string stream;
        for (const auto& each : parts) stream += each;
        return stream;
      });
}

}  // namespace

TEST_CASE("An event has its type, its data and the last id", "[sse]") {
  CHECK(events_of("data: one\n\n") == seen{{"message", "one", ""}});
  CHECK(events_of("event: add\ndata: 7\nid: x\n\ndata: 8\n\n") ==
        seen{{"add", "7", "x"}, {"message", "8", "x"}});
  CHECK(events_of("id: x\n\nid\ndata: 1\n\n") == seen{{"message", "1", ""}});
  CHECK(events_of("id: a\0b\ndata: 1\n\n"s) == seen{{"message", "1", ""}});
}

TEST_CASE("The lines of an event's data are put together", "[sse]") {
  CHECK(events_of("data: a\ndata: b\n\n") == seen{{"message", "a\nb", ""}});
  CHECK(events_of("data\n\n") == seen{{"message", "", ""}});
  CHECK(events_of("data\ndata\n\n") == seen{{"message", "\n", ""}});
  CHECK(events_of("data:  two spaces\n\n") ==
        seen{{"message", " two spaces", ""}});
}

TEST_CASE("Lines may end in three ways", "[sse]") {
  const seen both{{"message", "a", ""}, {"message", "b", ""}};
  CHECK(events_of("data: a\n\ndata: b\n\n") == both);
  CHECK(events_of("data: a\r\rdata: b\r\r") == both);
  CHECK(events_of("data: a\r\n\r\ndata: b\r\n\r\n") == both);
  CHECK(events_of("data: a\r\n\rdata: b\n\r\n") == both);
}

TEST_CASE("Comments, unknown fields and events without data are none",
          "[sse]") {
  CHECK(events_of(": hello\n\nfield: x\n\nevent: e\n\n").empty());
  CHECK(events_of("event: e\n\ndata: x\n\n") == seen{{"message", "x", ""}});
  CHECK(events_of("\xEF\xBB\xBF"
                  "data: x\n\n") == seen{{"message", "x", ""}});
}

TEST_CASE("A field error is an event of its own", "[sse]") {
  CHECK(events_of("error: {\"a\": 1}\n\n") ==
        seen{{"error", "{\"a\": 1}", ""}});
  CHECK(events_of("data: x\nerror: y\n\ndata: z\n\n") ==
        seen{{"message", "x", ""}, {"error", "y", ""}, {"message", "z", ""}});
}

TEST_CASE("A stream that ends inside of an event says so", "[sse]") {
  sse_parser parser;
  CHECK_FALSE(parser.is_inside_event());
  parser.feed("data: whole\n\ndata: ha");
  CHECK(parser.next()->data == "whole");
  CHECK(parser.is_inside_event());
  parser.feed("lf\n");
  CHECK(parser.is_inside_event());
  CHECK_FALSE(parser.next().has_value());
  parser.feed("\n");
  CHECK_FALSE(parser.is_inside_event());
  CHECK(parser.next()->data == "half");
}

TEST_CASE("The server's time to wait is kept", "[sse]") {
  sse_parser parser;
  CHECK_FALSE(parser.retry().has_value());
  parser.feed("retry: 1500\nretry: soon\nretry: -1\n");
  CHECK(parser.retry() == 1500ms);
}

TEST_CASE("An event that is too long is refused, those before it are not",
          "[sse]") {
  sse_parser parser{10};
  parser.feed("data: 1234\n\n");
  CHECK(code_of([&] { parser.feed("data: 12345"); }) == errc::too_large);
  CHECK(parser.next()->data == "1234");
  sse_parser other{10};
  other.feed("data:\n");
  CHECK(code_of([&] { other.feed("data: 1\n"); }) == errc::too_large);
}

TEST_CASE("However a stream is split, its events are the same", "[sse]") {
  CHECK(rc::check([] {
    const std::string stream = *streams();
    const seen whole = events_of(stream);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      sse_parser parser;
      seen halves;
      parser.feed(std::string_view{stream}.substr(0, at));
      take_all(parser, halves);
      parser.feed(std::string_view{stream}.substr(at));
      take_all(parser, halves);
      RC_ASSERT(halves == whole);
    }
    sse_parser parser;
    seen bytes;
    for (const char& each : stream) parser.feed({&each, 1});
    take_all(parser, bytes);
    RC_ASSERT(bytes == whole);
  }));
}
