// Calls of tools of the Model Context Protocol: inputs that a server asks for,
// and tasks.

#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/mcp_call.hpp>

#include <chrono>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::time_point;
namespace mcp = troupe::llm::mcp;
using troupe::llm::mcp_input_kind;

namespace {

constexpr time_point begin{1h};

mcp::call_rules rules() {
  mcp::call_rules all;
  all.inputs = mcp::all_inputs();
  return all;
}

mcp::tool_call call(mcp::call_rules how = rules()) {
  return {"deploy", json::object({{"to", "test"}}), std::move(how)};
}

json answer(json result) {
  return {{"jsonrpc", "2.0"}, {"id", 1}, {"result", std::move(result)}};
}

json text_result(const std::string& text) {
  return {{"resultType", "complete"},
          {"content", {{{"type", "text"}, {"text", text}}}}};
}

json form_request(const std::string& message = "Which?") {
  return {{"method", "elicitation/create"},
          {"params",
           {{"mode", "form"},
            {"message", message},
            {"requestedSchema",
             {{"type", "object"},
              {"properties", {{"name", {{"type", "string"}}}}},
              {"required", {"name"}}}}}}};
}

json wants(json requests, const json& state = {}) {
  json result = {{"resultType", "input_required"}};
  if (!requests.is_null()) result["inputRequests"] = std::move(requests);
  if (!state.is_null()) result["requestState"] = state;
  return answer(std::move(result));
}

json task_state(const std::string& status, json more = json::object()) {
  json state = {{"resultType", "complete"},
                {"taskId", "t-1"},
                {"status", status},
                {"ttlMs", nullptr}};
  state.update(more);
  return answer(std::move(state));
}

json new_task(json more = json::object()) {
  more["resultType"] = "task";
  return task_state("working", std::move(more));
}

const mcp::to_send& sent(const mcp::tool_call& of) {
  return std::get<mcp::to_send>(of.next());
}
troupe::duration waits(const mcp::tool_call& of) {
  return std::get<mcp::to_wait>(of.next()).span;
}
json result_of(const mcp::tool_call& of) {
  return std::get<mcp::to_end>(of.next()).result;
}

/// A call that asks after its task for the first time.
mcp::tool_call polling(json more = json::object(),
                       mcp::call_rules how = rules()) {
  auto made = call(std::move(how));
  made.on_answer(new_task(std::move(more)), begin);
  made.on_waited();
  return made;
}

error failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const error& why) {
    return why;
  }
  FAIL("nothing was thrown");
  return {errc::bad_flow, ""};
}

}  // namespace

// -- inputs -------------------------------------------------------------------

TEST_CASE("A call that needs nothing is one request", "[mcp_call]") {
  auto made = call();
  CHECK(sent(made).method == "tools/call");
  CHECK(sent(made).params ==
        json{{"name", "deploy"}, {"arguments", {{"to", "test"}}}});
  made.on_answer(answer(text_result("done")), begin);
  CHECK(result_of(made) == text_result("done"));
}

TEST_CASE("What a server asks for is asked, and given with its state",
          "[mcp_call]") {
  auto made = call();
  made.on_answer(
      wants({{"who", form_request()}, {"dirs", {{"method", "roots/list"}}}},
            "opaque"),
      begin);
  const auto asked = std::get<mcp::to_ask>(made.next()).requests;
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].key == "dirs");
  CHECK(asked[0].kind == mcp_input_kind::roots);
  CHECK(asked[1].kind == mcp_input_kind::form);
  CHECK(asked[1].tool == "deploy");
  CHECK(asked[1].params.at("message") == "Which?");
  const json given = {{"who", mcp::decline()}};
  made.on_inputs(given, begin);
  CHECK(sent(made).params == json{{"name", "deploy"},
                                  {"arguments", {{"to", "test"}}},
                                  {"inputResponses", given},
                                  {"requestState", "opaque"}});
  made.on_answer(answer(text_result("done")), begin);
  CHECK(result_of(made) == text_result("done"));
}

TEST_CASE("A state that a server does not repeat is not given again",
          "[mcp_call]") {
  auto made = call();
  made.on_answer(wants({{"a", form_request()}}, "first"), begin);
  made.on_inputs({{"a", mcp::cancel()}}, begin);
  made.on_answer(wants({{"b", form_request()}}), begin);
  made.on_inputs({{"b", mcp::cancel()}}, begin);
  CHECK_FALSE(sent(made).params.contains("requestState"));
  CHECK(sent(made).params.at("inputResponses") ==
        json{{"b", {{"action", "cancel"}}}});
}

TEST_CASE("A server that only wants to be asked again is, ever more slowly",
          "[mcp_call]") {
  auto made = call({});
  made.on_answer(wants({}, "s1"), begin);
  CHECK(sent(made).params.at("requestState") == "s1");
  CHECK_FALSE(sent(made).params.contains("inputResponses"));
  made.on_answer(wants(json::object(), "s2"), begin);
  CHECK(waits(made) == 100ms);
  made.on_waited();
  CHECK(sent(made).params.at("requestState") == "s2");
  made.on_answer(wants({}, "s3"), begin);
  CHECK(waits(made) == 200ms);
}

TEST_CASE("A server that asks without end is left", "[mcp_call]") {
  auto made = call();
  for (int i = 0; i < 16; ++i) {
    made.on_answer(wants({{"a", form_request()}}), begin);
    made.on_inputs({{"a", mcp::cancel()}}, begin);
  }
  const auto why = failure_of([&] {
    made.on_answer(wants({{"a", form_request()}}), begin);
  });
  CHECK(why.code() == errc::bad_reply);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "16 times"));
}

TEST_CASE("Inputs that nobody answers fail the call for good, with the option",
          "[mcp_call]") {
  auto made = call({});
  const auto why = failure_of([&] {
    made.on_answer(wants({{"who", form_request()}}), begin);
  });
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "mcp_options.on_input"));
  mcp::call_rules only_roots;
  only_roots.inputs = {mcp_input_kind::roots};
  auto other = call(only_roots);
  const auto also = failure_of([&] {
    other.on_answer(wants({{"who", form_request()}}), begin);
  });
  CHECK(has(also.message(), "mcp_options.inputs"));
}

TEST_CASE("What a server asks for without sense is refused", "[mcp_call]") {
  json many = json::object();
  for (int i = 0; i < 33; ++i) many[std::to_string(i)] = form_request();
  json other_mode = form_request();
  other_mode["params"]["mode"] = "telepathy";
  const json odd = GENERATE_COPY(
      wants({}), wants(json::object()), wants("text"), wants({{"a", 5}}),
      wants({{"a", {{"method", "shell/run"}}}}), wants({{"a", other_mode}}),
      wants({{"a", {{"method", "roots/list"}, {"params", 5}}}}), wants(many),
      wants({{std::string(600, 'k'), form_request()}}),
      wants({}, std::string(300'000, 's')), wants({}, 5));
  auto made = call();
  CHECK(code_of([&] { made.on_answer(odd, begin); }) == errc::bad_reply);
}

TEST_CASE("A result of a type that is not known is refused for good",
          "[mcp_call]") {
  auto made = call();
  const auto why = failure_of([&] {
    made.on_answer(answer({{"resultType", "tomorrow"}}), begin);
  });
  CHECK(why.code() == errc::bad_reply);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "'tomorrow'"));
}

TEST_CASE("A call that failed is not made again", "[mcp_call]") {
  auto made = call();
  const error broken{errc::request_failed, "no connection"};
  CHECK(code_of([&] { made.on_failure(broken, begin); }) ==
        errc::request_failed);
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A server that needs more of a client says what to set",
          "[mcp_call]") {
  const int code = GENERATE(-32021, -32003);
  auto made = call({});
  const auto why = failure_of([&] {
    made.on_answer(
        {{"id", 1},
         {"error",
          {{"code", code},
           {"message", "Missing required client capability"},
           {"data",
            {{"requiredCapabilities", {{"elicitation", json::object()}}}}}}}},
        begin);
  });
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "elicitation"));
  CHECK(has(why.message(), "mcp_options.on_input"));
}

TEST_CASE("Answers are checked before a server has them", "[mcp_call]") {
  const auto asked = [](mcp_input_kind kind) {
    return troupe::llm::mcp_input_request{
        kind, "k", form_request().at("params"), "deploy"};
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

// -- tasks --------------------------------------------------------------------

TEST_CASE("A task is asked after until it has its result", "[mcp_call]") {
  auto made = call();
  made.on_answer(new_task({{"pollIntervalMs", 5000}, {"ttlMs", 60000}}), begin);
  CHECK(waits(made) == 5s);
  made.on_waited();
  CHECK(sent(made).method == "tasks/get");
  CHECK(sent(made).params == json{{"taskId", "t-1"}});
  CHECK(made.cancellation()->method == "tasks/cancel");
  CHECK(made.cancellation()->params == json{{"taskId", "t-1"}});
  made.on_answer(task_state("working", {{"pollIntervalMs", 7000}}), begin + 5s);
  CHECK(waits(made) == 7s);
  made.on_waited();
  made.on_answer(task_state("completed", {{"result", text_result("ok")}}),
                 begin + 12s);
  CHECK(result_of(made) == text_result("ok"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("Servers are asked as often as they want, within bounds",
          "[mcp_call]") {
  const auto after = [](const json& interval) {
    auto made = call();
    made.on_answer(new_task({{"pollIntervalMs", interval}}), begin);
    return waits(made);
  };
  CHECK(after(nullptr) == 1s);
  CHECK(after(0) == 1s);
  CHECK(after(-5) == 1s);
  CHECK(after("soon") == 1s);
  CHECK(after(1) == 100ms);
  CHECK(after(2500.5) == 2501ms);
  CHECK(after(1e300) == 5min);
  CHECK(after(18446744073709551615u) == 5min);
}

TEST_CASE("A task may have ended when it is first told of", "[mcp_call]") {
  auto made = call();
  json first = task_state("completed", {{"result", text_result("at once")}});
  first["result"]["resultType"] = "task";
  made.on_answer(first, begin);
  CHECK(result_of(made) == text_result("at once"));
  // Or without a word of its result.
  auto other = call();
  first["result"].erase("result");
  other.on_answer(first, begin);
  CHECK(sent(other).method == "tasks/get");
}

TEST_CASE("A task that failed fails the call with the server's words",
          "[mcp_call]") {
  auto made = polling();
  const auto why = failure_of([&] {
    made.on_answer(
        task_state("failed",
                   {{"statusMessage", "no disk"},
                    {"error", {{"code", -32602}, {"message", "bad size"}}}}),
        begin);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "no disk"));
  CHECK(has(why.message(), "bad size"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A task that was cancelled fails the call", "[mcp_call]") {
  const std::string word = GENERATE("cancelled", "canceled");
  auto made = polling();
  const auto why = failure_of([&] {
    made.on_answer(task_state(word, {{"statusMessage", "by the operator"}}),
                   begin);
  });
  CHECK(has(why.message(), "was cancelled: by the operator"));
  CHECK(why.is_permanent());
}

TEST_CASE("A tool that failed in its task is a result", "[mcp_call]") {
  auto made = polling();
  auto failed = text_result("it did not work");
  failed["isError"] = true;
  made.on_answer(task_state("completed", {{"result", failed}}), begin);
  CHECK(result_of(made).at("isError") == true);
}

TEST_CASE("A status that is not known is work, unless it comes with an end",
          "[mcp_call]") {
  auto made = polling();
  made.on_answer(task_state("dreaming"), begin);
  CHECK(waits(made) == 1s);
  made.on_waited();
  made.on_answer(task_state("awake", {{"result", text_result("ok")}}), begin);
  CHECK(result_of(made) == text_result("ok"));
}

TEST_CASE("A task that the server does not know any more fails the call",
          "[mcp_call]") {
  auto made = polling();
  const auto why = failure_of([&] {
    made.on_answer(
        {{"id", 1},
         {"error",
          {{"code", -32602}, {"message", "Failed to retrieve task: expired"}}}},
        begin);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
  CHECK(has(why.message(), "expired"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A task that outlives its time at the server has expired",
          "[mcp_call]") {
  auto made = call();
  made.on_answer(new_task({{"ttlMs", 1500}, {"pollIntervalMs", 1000}}), begin);
  CHECK(waits(made) == 1s);
  made.on_waited();
  made.on_answer(
      task_state("working", {{"ttlMs", 1500}, {"pollIntervalMs", 1000}}),
      begin + 1s);
  // Asked once more when its time is over.
  CHECK(waits(made) == 500ms);
  made.on_waited();
  const auto why = failure_of([&] {
    made.on_answer(task_state("working", {{"ttlMs", 1500}}), begin + 1500ms);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "expired"));
  CHECK(made.cancellation());
}

TEST_CASE("A server may keep a task for longer than it first said",
          "[mcp_call]") {
  auto made = polling({{"ttlMs", 1500}});
  made.on_answer(task_state("working", {{"ttlMs", 90000}}), begin + 2s);
  CHECK(waits(made) == 1s);
}

TEST_CASE("A task that takes too long is given up", "[mcp_call]") {
  auto how = rules();
  how.task_limit = 10s;
  auto made = polling({}, how);
  made.on_answer(task_state("working", {{"pollIntervalMs", 8000}}), begin + 5s);
  CHECK(waits(made) == 5s);
  made.on_waited();
  const auto why =
      failure_of([&] { made.on_answer(task_state("working"), begin + 10s); });
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(), "mcp_options.task_limit (10 s)"));
  CHECK(made.cancellation());
}

TEST_CASE("Inputs of a task are asked for once, and sent", "[mcp_call]") {
  auto made = polling();
  const auto needs = [](const char* key) {
    return task_state("input_required",
                      {{"inputRequests", {{key, form_request()}}}});
  };
  made.on_answer(needs("a"), begin);
  CHECK(std::get<mcp::to_ask>(made.next()).requests.size() == 1);
  made.on_inputs({{"a", mcp::decline()}}, begin);
  CHECK(sent(made).method == "tasks/update");
  CHECK(sent(made).params ==
        json{{"taskId", "t-1"}, {"inputResponses", {{"a", mcp::decline()}}}});
  made.on_answer(answer({{"resultType", "complete"}}), begin);
  CHECK(waits(made) == 1s);
  made.on_waited();
  // The server may not have looked at it yet.
  made.on_answer(needs("a"), begin);
  CHECK(waits(made) == 1s);
  made.on_waited();
  made.on_answer(needs("b"), begin);
  CHECK(std::get<mcp::to_ask>(made.next()).requests.at(0).key == "b");
}

TEST_CASE("The time in which inputs are gathered is not the task's",
          "[mcp_call]") {
  auto how = rules();
  how.task_limit = 10s;
  auto made = polling({}, how);
  made.on_answer(task_state("input_required",
                            {{"inputRequests", {{"a", form_request()}}}}),
                 begin + 2s);
  made.on_inputs({{"a", mcp::decline()}}, begin + 102s);
  made.on_answer(answer(json::object()), begin + 102s);
  made.on_waited();
  made.on_answer(task_state("working"), begin + 109s);
  CHECK(waits(made) == 1s);
  made.on_waited();
  CHECK(code_of([&] { made.on_answer(task_state("working"), begin + 110s); }) ==
        errc::timed_out);
}

TEST_CASE("An answer that was lost on its way is sent again", "[mcp_call]") {
  auto made = polling();
  const auto needs = task_state("input_required",
                                {{"inputRequests", {{"a", form_request()}}}});
  made.on_answer(needs, begin);
  made.on_inputs({{"a", mcp::decline()}}, begin);
  made.on_failure({errc::request_failed, "broken"}, begin);
  made.on_waited();
  CHECK(sent(made).method == "tasks/get");
  made.on_answer(needs, begin);
  CHECK(sent(made).method == "tasks/update");
  CHECK(sent(made).params.at("inputResponses") == json{{"a", mcp::decline()}});
}

TEST_CASE("Questions about a task that fail are asked again, some times",
          "[mcp_call]") {
  auto made = polling();
  error busy{errc::rate_limited, "slow down"};
  busy.retry_after(30s);
  made.on_failure(busy, begin);
  CHECK(waits(made) == 30s);
  const error broken{errc::request_failed, "no connection"};
  for (int i = 0; i < 4; ++i) {
    made.on_waited();
    made.on_failure(broken, begin);
  }
  made.on_waited();
  CHECK(code_of([&] { made.on_failure(broken, begin); }) ==
        errc::request_failed);
  CHECK(made.cancellation());
}

TEST_CASE("A permanent failure of a question about a task ends the call",
          "[mcp_call]") {
  auto made = polling();
  error refused{errc::unauthorized, "who are you"};
  refused.permanent();
  CHECK(code_of([&] { made.on_failure(refused, begin); }) ==
        errc::unauthorized);
}

TEST_CASE("Ids of tasks that may be dangerous are refused", "[mcp_call]") {
  const json id =
      GENERATE(json(""), json("a b"), json("a\r\nx: y"), json("\xC3\xA4"),
               json(std::string(513, 'a')), json(5), json());
  auto made = call();
  CHECK(code_of([&] {
          made.on_answer(new_task({{"taskId", id}}), begin);
        }) == errc::bad_reply);
}

TEST_CASE("A task in a member of its own is understood", "[mcp_call]") {
  auto made = call();
  made.on_answer(answer({{"resultType", "task"},
                         {"task",
                          {{"taskId", "t-1"},
                           {"status", "working"},
                           {"pollIntervalMs", 300}}}}),
                 begin);
  CHECK(waits(made) == 300ms);
}

TEST_CASE("What is told of another task is refused", "[mcp_call]") {
  auto made = polling();
  CHECK(code_of([&] {
          made.on_answer(task_state("working", {{"taskId", "t-2"}}), begin);
        }) == errc::bad_reply);
}
