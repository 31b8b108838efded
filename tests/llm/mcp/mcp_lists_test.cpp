// The validity of lists of servers of the Model Context Protocol, and the
// traces in requests.

#include "support/catch.hpp"

#include <troupe/llm/mcp_lists.hpp>
#include <troupe/llm/mcp_protocol.hpp>
#include <troupe/llm/mcp_trace.hpp>

#include <chrono>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using troupe::json;
using troupe::time_point;
namespace mcp = troupe::llm::mcp;

namespace {

constexpr time_point kept_from{1h};
constexpr const char* good_parent =
    "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

mcp::tool_page page_with(const std::string& name) {
  mcp::tool_page made;
  made.tools.push_back({name, "", json::object()});
  return made;
}

}  // namespace

TEST_CASE("A list is as fresh as the server says, within a day",
          "[mcp_lists]") {
  const auto fresh = [](const json& ttl) {
    return mcp::freshness_in({{"ttlMs", ttl}}).lifetime;
  };
  CHECK(fresh(60'000) == 1min);
  CHECK(fresh(0) == 0s);
  CHECK(fresh(-1) == 0s);
  CHECK(fresh("soon") == 0s);
  CHECK(fresh(nullptr) == 0s);
  CHECK(fresh(1e200) == 24h);
  CHECK(fresh(18446744073709551615u) == 24h);
  CHECK(mcp::freshness_in(json::object()).lifetime == 0s);
  CHECK(mcp::freshness_in(json::object()).is_private);
  CHECK_FALSE(mcp::freshness_in({{"cacheScope", "public"}}).is_private);
}

TEST_CASE("A page is kept until its time is over", "[mcp_lists]") {
  mcp::kept_pages kept;
  kept.keep("", "", page_with("a"), {1min, false}, kept_from);
  kept.keep("next", "", page_with("b"), {2min, false}, kept_from);
  CHECK(kept.find("", "", kept_from + 59s)->tools.at(0).name == "a");
  CHECK_FALSE(kept.find("", "", kept_from + 60s));
  CHECK(kept.find("next", "", kept_from + 60s));
  CHECK_FALSE(kept.find("other", "", kept_from));
  kept.forget();
  CHECK_FALSE(kept.find("next", "", kept_from));
}

TEST_CASE("A private page is for who asked for it", "[mcp_lists]") {
  mcp::kept_pages kept;
  kept.keep("", "ann", page_with("a"), {1min, true}, kept_from);
  CHECK(kept.find("", "ann", kept_from));
  CHECK_FALSE(kept.find("", "bob", kept_from));
  kept.keep("", "ann", page_with("a"), {1min, false}, kept_from);
  CHECK(kept.find("", "bob", kept_from));
}

TEST_CASE("A page that is not fresh takes away the one before", "[mcp_lists]") {
  mcp::kept_pages kept;
  kept.keep("", "", page_with("a"), {1min, false}, kept_from);
  kept.keep("", "", page_with("b"), {0s, false}, kept_from);
  CHECK_FALSE(kept.find("", "", kept_from));
}

TEST_CASE("More tools than may be kept are not kept", "[mcp_lists]") {
  mcp::kept_pages kept;
  mcp::tool_page large;
  large.tools.resize(6'000);
  kept.keep("", "", large, {1min, false}, kept_from);
  kept.keep("next", "", large, {1min, false}, kept_from);
  CHECK(kept.find("", "", kept_from));
  CHECK_FALSE(kept.find("next", "", kept_from));
}

// -- traces -------------------------------------------------------------------

TEST_CASE("A traceparent is what the standard says", "[mcp_trace]") {
  const std::string good = good_parent;
  CHECK(mcp::is_traceparent(good));
  CHECK(mcp::is_traceparent("cc" + good.substr(2) + "-what-comes"));
  CHECK_FALSE(mcp::is_traceparent(""));
  CHECK_FALSE(mcp::is_traceparent(good + "-x"));
  CHECK_FALSE(mcp::is_traceparent("cc" + good.substr(2) + "x"));
  CHECK_FALSE(mcp::is_traceparent("ff" + good.substr(2)));
  CHECK_FALSE(mcp::is_traceparent(good.substr(1)));
  auto upper = good;
  upper[4] = 'A';
  CHECK_FALSE(mcp::is_traceparent(upper));
  CHECK_FALSE(mcp::is_traceparent(
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  CHECK_FALSE(mcp::is_traceparent(
      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
}

TEST_CASE("A tracestate is what the standard says", "[mcp_trace]") {
  CHECK(mcp::is_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"));
  CHECK(mcp::is_tracestate("tenant@vendor=a b, ,x=1"));
  CHECK_FALSE(mcp::is_tracestate(""));
  CHECK_FALSE(mcp::is_tracestate("a=1,a=2"));
  CHECK_FALSE(mcp::is_tracestate("A=1"));
  CHECK_FALSE(mcp::is_tracestate("a=x=y"));
  CHECK_FALSE(mcp::is_tracestate("a=\n"));
  CHECK_FALSE(mcp::is_tracestate("a"));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=1,";
  CHECK_FALSE(mcp::is_tracestate(many));
}

TEST_CASE("A baggage is what the standard says", "[mcp_trace]") {
  CHECK(mcp::is_baggage("user=7,region=eu"));
  CHECK(mcp::is_baggage("key = value ; meta ; rank=1 , other=%20"));
  CHECK(mcp::is_baggage("empty="));
  CHECK_FALSE(mcp::is_baggage(""));
  CHECK_FALSE(mcp::is_baggage("a"));
  CHECK_FALSE(mcp::is_baggage("a=b c"));
  CHECK_FALSE(mcp::is_baggage("a=\"b\""));
  CHECK_FALSE(mcp::is_baggage("a b=c"));
  CHECK_FALSE(mcp::is_baggage("a=\xC3\xA4"));
  CHECK_FALSE(mcp::is_baggage("a=" + std::string(8'192, 'x')));
}

TEST_CASE("What is told of a trace has the form of its standard",
          "[mcp_trace]") {
  json meta = {{"other", 1}};
  mcp::add_trace(meta, {good_parent, "a=1", "user=7"});
  CHECK(meta == json{{"other", 1},
                     {"traceparent", good_parent},
                     {"tracestate", "a=1"},
                     {"baggage", "user=7"}});
  json nothing = json::object();
  mcp::add_trace(nothing, {"no trace", "a=1", "bad baggage"});
  CHECK(nothing == json::object());
}

// -- headers ------------------------------------------------------------------

TEST_CASE("What a request is about may stand in a header", "[mcp_headers]") {
  CHECK(mcp::header_value("get_weather") == "get_weather");
  CHECK(mcp::header_value("two words") == "two words");
  CHECK(mcp::header_value("\xC3\xA4") == "=?base64?w6Q=?=");
  CHECK(mcp::header_value(" x") == "=?base64?IHg=?=");
  CHECK(mcp::header_value("a\nb") == "=?base64?YQpi?=");
  CHECK(mcp::header_value("=?base64?x?=") == "=?base64?PT9iYXNlNjQ/eD89?=");
  const auto about = [](json params) {
    return mcp::name_in({{"params", std::move(params)}});
  };
  CHECK(about({{"name", "add"}}) == "add");
  CHECK(about({{"taskId", "t"}, {"inputResponses", {}}}) == "t");
  CHECK_FALSE(about(json::object()));
  CHECK_FALSE(mcp::name_in({{"method", "x"}}));
}

TEST_CASE("Many tools whose names are cut to the same cost no more", "[mcp]") {
  mcp::tool_names names;
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    // All are there twice.
    last = names.offered(std::string(60, 'x') + std::to_string(1000 + i / 2));
  }
  // The count goes on, so that no number is tried twice.
  CHECK(last == std::string(59, 'x') + "_5001");
}
