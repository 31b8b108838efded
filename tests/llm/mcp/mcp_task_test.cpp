// Tasks of servers of the Model Context Protocol.

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

TEST_CASE("A task is asked after until it has its result", "[mcp_task]") {
  auto made = deploy_call();
  made.on_answer(new_task({{"pollIntervalMs", 5000}, {"ttlMs", 60000}}),
                 first_time);
  CHECK(next_wait(made) == 5s);
  made.on_waited();
  CHECK(next_request(made).method == "tasks/get");
  CHECK(next_request(made).params == json{{"taskId", "t-1"}});
  CHECK(made.cancellation()->method == "tasks/cancel");
  CHECK(made.cancellation()->params == json{{"taskId", "t-1"}});
  made.on_answer(task_state("working", {{"pollIntervalMs", 7000}}),
                 first_time + 5s);
  CHECK(next_wait(made) == 7s);
  made.on_waited();
  made.on_answer(task_state("completed", {{"result", mcp_text("ok")}}),
                 first_time + 12s);
  CHECK(last_result(made) == mcp_text("ok"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("Servers are asked as often as they want, within bounds",
          "[mcp_task]") {
  const auto after = [](const json& interval) {
    auto made = deploy_call();
    made.on_answer(new_task({{"pollIntervalMs", interval}}), first_time);
    return next_wait(made);
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

TEST_CASE("A task may have ended when it is first told of", "[mcp_task]") {
  auto made = deploy_call();
  json first = task_state("completed", {{"result", mcp_text("at once")}});
  first["result"]["resultType"] = "task";
  made.on_answer(first, first_time);
  CHECK(last_result(made) == mcp_text("at once"));
  // Or without a word of its result.
  auto other = deploy_call();
  first["result"].erase("result");
  other.on_answer(first, first_time);
  CHECK(next_request(other).method == "tasks/get");
}

TEST_CASE("A task that failed fails the call with the server's words",
          "[mcp_task]") {
  auto made = polling_call();
  const auto why = mcp_failure([&] {
    made.on_answer(
        task_state("failed",
                   {{"statusMessage", "no disk"},
                    {"error", {{"code", -32602}, {"message", "bad size"}}}}),
        first_time);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "no disk"));
  CHECK(has(why.message(), "bad size"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A task that was cancelled fails the call", "[mcp_task]") {
  const std::string word = GENERATE("cancelled", "canceled");
  auto made = polling_call();
  const auto why = mcp_failure([&] {
    made.on_answer(task_state(word, {{"statusMessage", "by the operator"}}),
                   first_time);
  });
  CHECK(has(why.message(), "was cancelled: by the operator"));
  CHECK(why.is_permanent());
}

TEST_CASE("A tool that failed in its task is a result", "[mcp_task]") {
  auto made = polling_call();
  auto failed = mcp_text("it did not work");
  failed["isError"] = true;
  made.on_answer(task_state("completed", {{"result", failed}}), first_time);
  CHECK(last_result(made).at("isError") == true);
}

TEST_CASE("A status that is not known is work, unless it comes with an end",
          "[mcp_task]") {
  auto made = polling_call();
  made.on_answer(task_state("dreaming"), first_time);
  CHECK(next_wait(made) == 1s);
  made.on_waited();
  made.on_answer(task_state("awake", {{"result", mcp_text("ok")}}), first_time);
  CHECK(last_result(made) == mcp_text("ok"));
}

TEST_CASE("A task that the server does not know any more fails the call",
          "[mcp_task]") {
  auto made = polling_call();
  const auto why = mcp_failure([&] {
    made.on_answer(
        {{"id", 1},
         {"error",
          {{"code", -32602}, {"message", "Failed to retrieve task: expired"}}}},
        first_time);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
  CHECK(has(why.message(), "expired"));
  CHECK_FALSE(made.cancellation());
}

TEST_CASE("A task that outlives its time at the server has expired",
          "[mcp_task]") {
  auto made = deploy_call();
  made.on_answer(new_task({{"ttlMs", 1500}, {"pollIntervalMs", 1000}}),
                 first_time);
  CHECK(next_wait(made) == 1s);
  made.on_waited();
  made.on_answer(
      task_state("working", {{"ttlMs", 1500}, {"pollIntervalMs", 1000}}),
      first_time + 1s);
  // Asked once more when its time is over.
  CHECK(next_wait(made) == 500ms);
  made.on_waited();
  const auto why = mcp_failure([&] {
    made.on_answer(task_state("working", {{"ttlMs", 1500}}),
                   first_time + 1500ms);
  });
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "expired"));
  CHECK(made.cancellation());
}

TEST_CASE("A server may keep a task for longer than it first said",
          "[mcp_task]") {
  auto made = polling_call({{"ttlMs", 1500}});
  made.on_answer(task_state("working", {{"ttlMs", 90000}}), first_time + 2s);
  CHECK(next_wait(made) == 1s);
}

TEST_CASE("A task that takes too long is given up", "[mcp_task]") {
  auto how = all_rules();
  how.task_limit = 10s;
  auto made = polling_call({}, how);
  made.on_answer(task_state("working", {{"pollIntervalMs", 8000}}),
                 first_time + 5s);
  CHECK(next_wait(made) == 5s);
  made.on_waited();
  const auto why = mcp_failure(
      [&] { made.on_answer(task_state("working"), first_time + 10s); });
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(), "mcp_options.task_limit (10 s)"));
  CHECK(made.cancellation());
}

TEST_CASE("Inputs of a task are asked for once, and sent", "[mcp_task]") {
  auto made = polling_call();
  const auto needs = [](const char* key) {
    return task_state("input_required",
                      {{"inputRequests", {{key, mcp_form()}}}});
  };
  made.on_answer(needs("a"), first_time);
  CHECK(std::get<mcp::to_ask>(made.next()).requests.size() == 1);
  made.on_inputs({{"a", mcp::decline()}}, first_time);
  CHECK(next_request(made).method == "tasks/update");
  CHECK(next_request(made).params ==
        json{{"taskId", "t-1"}, {"inputResponses", {{"a", mcp::decline()}}}});
  made.on_answer(mcp_answer({{"resultType", "complete"}}), first_time);
  CHECK(next_wait(made) == 1s);
  made.on_waited();
  // The server may not have looked at it yet.
  made.on_answer(needs("a"), first_time);
  CHECK(next_wait(made) == 1s);
  made.on_waited();
  made.on_answer(needs("b"), first_time);
  CHECK(std::get<mcp::to_ask>(made.next()).requests.at(0).key == "b");
}

TEST_CASE("The time in which inputs are gathered is not the task's",
          "[mcp_task]") {
  auto how = all_rules();
  how.task_limit = 10s;
  auto made = polling_call({}, how);
  made.on_answer(
      task_state("input_required", {{"inputRequests", {{"a", mcp_form()}}}}),
      first_time + 2s);
  made.on_inputs({{"a", mcp::decline()}}, first_time + 102s);
  made.on_answer(mcp_answer(json::object()), first_time + 102s);
  made.on_waited();
  made.on_answer(task_state("working"), first_time + 109s);
  CHECK(next_wait(made) == 1s);
  made.on_waited();
  CHECK(code_of([&] {
          made.on_answer(task_state("working"), first_time + 110s);
        }) == errc::timed_out);
}

TEST_CASE("An answer that was lost on its way is sent again", "[mcp_task]") {
  auto made = polling_call();
  const auto needs =
      task_state("input_required", {{"inputRequests", {{"a", mcp_form()}}}});
  made.on_answer(needs, first_time);
  made.on_inputs({{"a", mcp::decline()}}, first_time);
  made.on_failure({errc::request_failed, "broken"}, first_time);
  made.on_waited();
  CHECK(next_request(made).method == "tasks/get");
  made.on_answer(needs, first_time);
  CHECK(next_request(made).method == "tasks/update");
  CHECK(next_request(made).params.at("inputResponses") ==
        json{{"a", mcp::decline()}});
}

TEST_CASE("Questions about a task that fail are asked again, some times",
          "[mcp_task]") {
  auto made = polling_call();
  error busy{errc::rate_limited, "slow down"};
  busy.retry_after(30s);
  made.on_failure(busy, first_time);
  CHECK(next_wait(made) == 30s);
  const error broken{errc::request_failed, "no connection"};
  for (int i = 0; i < 4; ++i) {
    made.on_waited();
    made.on_failure(broken, first_time);
  }
  made.on_waited();
  CHECK(code_of([&] { made.on_failure(broken, first_time); }) ==
        errc::request_failed);
  CHECK(made.cancellation());
}

TEST_CASE("A permanent failure of a question about a task ends the call",
          "[mcp_task]") {
  auto made = polling_call();
  error refused{errc::unauthorized, "who are you"};
  refused.permanent();
  CHECK(code_of([&] { made.on_failure(refused, first_time); }) ==
        errc::unauthorized);
}

TEST_CASE("Ids of tasks that may be dangerous are refused", "[mcp_task]") {
  const json id =
      GENERATE(json(""), json("a b"), json("a\r\nx: y"), json("\xC3\xA4"),
               json(std::string(513, 'a')), json(5), json());
  auto made = deploy_call();
  CHECK(code_of([&] {
          made.on_answer(new_task({{"taskId", id}}), first_time);
        }) == errc::bad_reply);
}

TEST_CASE("A task in a member of its own is understood", "[mcp_task]") {
  auto made = deploy_call();
  made.on_answer(mcp_answer({{"resultType", "task"},
                             {"task",
                              {{"taskId", "t-1"},
                               {"status", "working"},
                               {"pollIntervalMs", 300}}}}),
                 first_time);
  CHECK(next_wait(made) == 300ms);
}

TEST_CASE("What is told of another task is refused", "[mcp_task]") {
  auto made = polling_call();
  CHECK(
      code_of([&] {
        made.on_answer(task_state("working", {{"taskId", "t-2"}}), first_time);
      }) == errc::bad_reply);
}
