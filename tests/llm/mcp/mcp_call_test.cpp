// Calls of tools of the Model Context Protocol, and what servers ask for in
// them.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/models/mcp_answers.hpp"

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::llm::mcp_input_kind;

TEST_CASE("A call that needs nothing is one request", "[mcp_call]") {
  auto made = deploy_call();
  CHECK(next_request(made).method == "tools/call");
  CHECK(next_request(made).params ==
        json{{"name", "deploy"}, {"arguments", {{"to", "test"}}}});
  made.on_answer(mcp_answer(mcp_text("done")), first_time);
  CHECK(last_result(made) == mcp_text("done"));
}

TEST_CASE("What a server asks for is asked, and given with its state",
          "[mcp_call]") {
  auto made = deploy_call();
  made.on_answer(
      mcp_wants({{"who", mcp_form()}, {"dirs", {{"method", "roots/list"}}}},
                "opaque"),
      first_time);
  const auto asked = std::get<mcp::to_ask>(made.next()).requests;
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].key == "dirs");
  CHECK(asked[0].kind == mcp_input_kind::roots);
  CHECK(asked[1].kind == mcp_input_kind::form);
  CHECK(asked[1].tool == "deploy");
  CHECK(asked[1].params.at("message") == "Which?");
  const json given = {{"who", mcp::decline()}};
  made.on_inputs(given, first_time);
  CHECK(next_request(made).params == json{{"name", "deploy"},
                                          {"arguments", {{"to", "test"}}},
                                          {"inputResponses", given},
                                          {"requestState", "opaque"}});
  made.on_answer(mcp_answer(mcp_text("done")), first_time);
  CHECK(last_result(made) == mcp_text("done"));
}

TEST_CASE("A state that a server does not repeat is not given again",
          "[mcp_call]") {
  auto made = deploy_call();
  made.on_answer(mcp_wants({{"a", mcp_form()}}, "first"), first_time);
  made.on_inputs({{"a", mcp::cancel()}}, first_time);
  made.on_answer(mcp_wants({{"b", mcp_form()}}), first_time);
  made.on_inputs({{"b", mcp::cancel()}}, first_time);
  CHECK_FALSE(next_request(made).params.contains("requestState"));
  CHECK(next_request(made).params.at("inputResponses") ==
        json{{"b", {{"action", "cancel"}}}});
}

TEST_CASE("A server that only wants to be asked again is, ever more slowly",
          "[mcp_call]") {
  auto made = deploy_call({});
  made.on_answer(mcp_wants({}, "s1"), first_time);
  CHECK(next_request(made).params.at("requestState") == "s1");
  CHECK_FALSE(next_request(made).params.contains("inputResponses"));
  made.on_answer(mcp_wants(json::object(), "s2"), first_time);
  CHECK(next_wait(made) == 100ms);
  made.on_waited();
  CHECK(next_request(made).params.at("requestState") == "s2");
  made.on_answer(mcp_wants({}, "s3"), first_time);
  CHECK(next_wait(made) == 200ms);
}

TEST_CASE("A server that asks without end is left", "[mcp_call]") {
  auto made = deploy_call();
  for (int i = 0; i < 16; ++i) {
    made.on_answer(mcp_wants({{"a", mcp_form()}}), first_time);
    made.on_inputs({{"a", mcp::cancel()}}, first_time);
  }
  const auto why = mcp_failure([&] {
    made.on_answer(mcp_wants({{"a", mcp_form()}}), first_time);
  });
  CHECK(why.code() == errc::bad_reply);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "16 times"));
}

TEST_CASE("Inputs that nobody answers fail the call for good, with the option",
          "[mcp_call]") {
  auto made = deploy_call({});
  const auto why = mcp_failure([&] {
    made.on_answer(mcp_wants({{"who", mcp_form()}}), first_time);
  });
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "mcp_options.on_input"));
  mcp::call_rules only_roots;
  only_roots.inputs = {mcp_input_kind::roots};
  auto other = deploy_call(only_roots);
  const auto also = mcp_failure([&] {
    other.on_answer(mcp_wants({{"who", mcp_form()}}), first_time);
  });
  CHECK(has(also.message(), "mcp_options.inputs"));
}

TEST_CASE("What a server asks for without sense is refused", "[mcp_call]") {
  json many = json::object();
  for (int i = 0; i < 33; ++i) many[std::to_string(i)] = mcp_form();
  json other_mode = mcp_form();
  other_mode["params"]["mode"] = "telepathy";
  const json odd = GENERATE_COPY(
      mcp_wants({}), mcp_wants(json::object()), mcp_wants("text"),
      mcp_wants({{"a", 5}}), mcp_wants({{"a", {{"method", "shell/run"}}}}),
      mcp_wants({{"a", other_mode}}),
      mcp_wants({{"a", {{"method", "roots/list"}, {"params", 5}}}}),
      mcp_wants(many), mcp_wants({{std::string(600, 'k'), mcp_form()}}),
      mcp_wants({}, std::string(300'000, 's')), mcp_wants({}, 5));
  auto made = deploy_call();
  CHECK(code_of([&] { made.on_answer(odd, first_time); }) == errc::bad_reply);
}

TEST_CASE("A result of a type that is not known is refused for good",
          "[mcp_call]") {
  auto made = deploy_call();
  const auto why = mcp_failure([&] {
    made.on_answer(mcp_answer({{"resultType", "tomorrow"}}), first_time);
  });
  CHECK(why.code() == errc::bad_reply);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "'tomorrow'"));
}

TEST_CASE("A call that failed is not made again", "[mcp_call]") {
  auto made = deploy_call();
  const error broken{errc::request_failed, "no connection"};
  CHECK(code_of([&] { made.on_failure(broken, first_time); }) ==
        errc::request_failed);
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A server that needs more of a client says what to set",
          "[mcp_call]") {
  const int code = GENERATE(-32021, -32003);
  auto made = deploy_call({});
  const auto why = mcp_failure([&] {
    made.on_answer(
        {{"id", 1},
         {"error",
          {{"code", code},
           {"message", "Missing required client capability"},
           {"data",
            {{"requiredCapabilities", {{"elicitation", json::object()}}}}}}}},
        first_time);
  });
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "elicitation"));
  CHECK(has(why.message(), "mcp_options.on_input"));
}

TEST_CASE("Answers are checked before a server has them", "[mcp_call]") {
  const auto asked = [](mcp_input_kind kind) {
    return troupe::llm::mcp_input_request{kind, "k", mcp_form().at("params"),
                                          "deploy"};
  };
  const auto taken = [&](mcp_input_kind kind, const json& given) {
    try {
      mcp::check_input(asked(kind), given);
    } catch (const error& why) {
      CHECK(why.code() == errc::bad_value);
      CHECK(why.is_permanent());
      CHECK(has(why.message(), "on_input"));
      return false;
    }
    return true;
  };
  using kind = mcp_input_kind;
  CHECK(taken(kind::form, mcp::accept({{"name", "x"}})));
  CHECK(taken(kind::form, mcp::decline()));
  CHECK(taken(kind::form, mcp::cancel()));
  CHECK_FALSE(taken(kind::form, mcp::accept()));
  CHECK_FALSE(taken(kind::form, mcp::accept({{"name", 5}})));
  CHECK_FALSE(taken(kind::form, {{"action", "maybe"}}));
  CHECK_FALSE(taken(kind::form, "accept"));
  CHECK(taken(kind::url, mcp::accept()));
  CHECK(taken(kind::sampling,
              {{"role", "assistant"}, {"content", {}}, {"model", "m"}}));
  CHECK_FALSE(taken(kind::sampling, {{"role", "assistant"}}));
  CHECK(taken(kind::roots, {{"roots", json::array()}}));
  CHECK_FALSE(taken(kind::roots, {{"roots", {{{"name", "x"}}}}}));
}

TEST_CASE("A person is sent to web pages only", "[mcp_call]") {
  const auto open = [](const json& url) {
    const json asked = {{"method", "elicitation/create"},
                        {"params", {{"mode", "url"}, {"url", url}}}};
    return mcp_failure([&] {
      auto call = deploy_call();
      call.on_answer(mcp_wants({{"k", asked}}), first_time);
      throw error{errc::cancelled, ""};
    });
  };
  for (const char* each :
       {"https://example.com/a?b#c", "http://localhost:8080", "HTTPS://h"}) {
    CAPTURE(each);
    CHECK(open(each).code() == errc::cancelled);
  }
  for (const char* each :
       {"javascript:alert(1)", "JavaScript://h/%0aalert(1)", "data:text/html,x",
        "file:///etc/passwd", " https://h", "https://h\na", "https://",
        "https:///path", "//h", "h", "", "https://h\\@g", "vbscript:x"}) {
    CAPTURE(each);
    const auto why = open(each);
    CHECK(why.code() == errc::bad_reply);
    CHECK(why.is_permanent());
    CHECK(has(why.message(), "not an http or https URL"));
  }
  CHECK(has(open(nullptr).message(), "without a URL"));
}

TEST_CASE("Servers are told of what is answered, and of nothing else",
          "[mcp_call]") {
  const json tasks = {{"io.modelcontextprotocol/tasks", json::object()}};
  CHECK(mcp::client_capabilities({}) == json{{"extensions", tasks}});
  CHECK(
      mcp::client_capabilities(mcp::all_inputs()) ==
      json{{"extensions", tasks},
           {"elicitation", {{"form", json::object()}, {"url", json::object()}}},
           {"sampling", json::object()},
           {"roots", json::object()}});
}
