#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/entries.hpp"
#include "support/store/memory_store.hpp"

#include <troupe/json_text.hpp>
#include <troupe/store/resume_point.hpp>
#include <troupe/store/run_commands.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::log_entry;
using troupe::run_record;
using troupe::run_status;
using troupe::state;
using troupe::value;
using troupe_test::begun_entry;
using troupe_test::code_of;
using troupe_test::memory_store;
using troupe_test::step_entry;
using troupe_test::write;

namespace {

/// A store with the run "r", which has made three steps and failed.
struct failed_run {
  failed_run() {
    add("r", run_status::failed);
    commit({step_entry(0, write("n", 1)), step_entry(1, write("n", 2)),
            step_entry(2, write("n", 3))});
  }

  void add(const std::string& id, run_status status,
           const std::string& parent = {}) {
    run_record made;
    made.id = id;
    made.flow = "flow";
    made.status = status;
    made.parent = parent;
    made.input = troupe::detail::stored_form(value::object({{"n", 0}}));
    made.params = troupe::detail::stored_form(
        value::object({{"long", std::string(5'000, 'x')}}));
    made.created_ms = 1'000;
    made.deadline_ms = 5'000;
    if (troupe::is_over(status) && status != run_status::finished) {
      troupe::detail::end_form end;
      end.failure = troupe::error{errc::node_threw, "as the test asks"};
      made.end = end.to_text();
    }
    store.begin(std::move(made), {}, nullptr);
  }
  void commit(std::vector<log_entry> entries) {
    troupe::run_commit what;
    what.run = "r";
    what.entries = std::move(entries);
    store.submit(std::move(what));
  }
  run_record record(const std::string& id) { return *reader->find(id); }
  json ask(const json& request) {
    return troupe::carry_out(store, *reader, request);
  }

  memory_store store;
  std::unique_ptr<troupe::store_reader> reader = store.reader();
};

}  // namespace

TEST_CASE("cancelling a stored run reaches those that its nodes started") {
  failed_run in;
  in.add("parent", run_status::parked);
  in.add("child", run_status::parked, "parent");
  in.add("grandchild", run_status::running, "child");
  in.add("other", run_status::parked);
  const auto ids =
      troupe::cancel_run(in.store, *in.reader, "parent", "no more");
  CHECK(ids == std::vector<std::string>{"parent", "child", "grandchild"});
  CHECK(in.record("grandchild").status == run_status::cancelled);
  CHECK(in.record("other").status == run_status::parked);
  const auto end = troupe::detail::end_form::from(in.record("child").end);
  REQUIRE(end.failure);
  CHECK(end.failure->code() == errc::cancelled);
  CHECK(end.failure->message() == "no more");
}

TEST_CASE("a stored run that has ended otherwise is not cancelled") {
  failed_run in;
  CHECK(code_of([&] {
          troupe::cancel_run(in.store, *in.reader, "r", "no more");
        }) == errc::bad_value);
  CHECK(code_of([&] {
          troupe::cancel_run(in.store, *in.reader, "none", "no more");
        }) == errc::missing_key);
}

TEST_CASE("cancelling a stored run twice is no error") {
  failed_run in;
  in.add("p", run_status::parked);
  CHECK(troupe::cancel_run(in.store, *in.reader, "p", "a").size() == 1);
  CHECK(troupe::cancel_run(in.store, *in.reader, "p", "b").empty());
}

TEST_CASE("a released run is parked and says so") {
  failed_run in;
  const auto status = GENERATE(run_status::failed, run_status::cancelled);
  in.add("x", status);
  CHECK_FALSE(troupe::was_released(in.record("x")));
  CHECK(troupe::release_run(in.store, *in.reader, "x"));
  CHECK(in.record("x").status == run_status::parked);
  CHECK(troupe::was_released(in.record("x")));
  CHECK_FALSE(troupe::release_run(in.store, *in.reader, "x"));
}

TEST_CASE("a run in quarantine is released without a sign of an end") {
  failed_run in;
  in.add("q", run_status::quarantined);
  CHECK(troupe::release_run(in.store, *in.reader, "q"));
  CHECK(in.record("q").status == run_status::parked);
  CHECK_FALSE(troupe::was_released(in.record("q")));
}

TEST_CASE("a fork begins after a step, with the edits") {
  failed_run in;
  troupe::fork_order what;
  what.run = "r";
  what.after_step = 1;
  what.edits = value::object({{"more", true}});
  what.now_ms = 10'000;
  const auto made = troupe::fork_run(in.store, *in.reader, what);
  CHECK(made.id == "r-fork-1");
  CHECK(made.next == "next");
  CHECK_FALSE(made.is_over);
  const auto record = in.record(made.id);
  CHECK(record.status == run_status::parked);
  CHECK(record.forked_from == "r");
  CHECK(record.forked_at == 2);
  CHECK(record.deadline_ms == 14'000);
  const auto point = troupe::detail::read_resume_point(*in.reader, record);
  CHECK(point->steps == 2);
  CHECK(point->document == state{{"n", 2}, {"more", true}});
  const auto params = troupe::detail::value_from(
      record.params,
      [&](std::string_view hash) { return in.reader->part(hash); });
  CHECK(params.at("long").get<std::string>().size() == 5'000);
}

TEST_CASE("a fork from the start begins as the run began") {
  failed_run in;
  troupe::fork_order what;
  what.run = "r";
  what.edits = value::object({{"n", 7}});
  what.id = "f";
  CHECK(troupe::fork_run(in.store, *in.reader, what).id == "f");
  const auto point =
      troupe::detail::read_resume_point(*in.reader, in.record("f"));
  CHECK_FALSE(point->at);
  CHECK(point->document == state{{"n", 7}});
  // The id is taken now.
  CHECK(code_of([&] { troupe::fork_run(in.store, *in.reader, what); }) ==
        errc::id_taken);
}

TEST_CASE("a fork that cannot be made says why") {
  failed_run in;
  troupe::fork_order what;
  what.run = "r";
  what.after_step = 3;
  CHECK(code_of([&] { troupe::fork_run(in.store, *in.reader, what); }) ==
        errc::missing_key);
  what.after_step = 1;
  what.id = "a/b";
  CHECK(code_of([&] { troupe::fork_run(in.store, *in.reader, what); }) ==
        errc::bad_value);
  what.id = "";
  what.edits = 1;
  CHECK(code_of([&] { troupe::fork_run(in.store, *in.reader, what); }) ==
        errc::bad_value);
}

TEST_CASE("an effect whose end is not known is settled once") {
  failed_run in;
  in.commit({begun_entry(3, "pay")});
  const auto open = troupe::open_effects(*in.reader, "r");
  REQUIRE(open.size() == 1);
  CHECK(open[0].name == "pay");
  const json request{
      {"verb", "settle"}, {"run", "r"}, {"effect", "pay"}, {"result", 5}};
  CHECK(in.ask(request).value("ok", false));
  CHECK(troupe::open_effects(*in.reader, "r").empty());
  const auto point =
      troupe::detail::read_resume_point(*in.reader, in.record("r"));
  const auto& end =
      point->effects.at({log_entry::no_index, std::string{"pay"}});
  REQUIRE(end);
  CHECK(end->result == value{5});
  CHECK(in.ask(request).at("code") == json("missing_key"));
}

TEST_CASE("effects of one name are told apart by their sub-flow") {
  failed_run in;
  in.commit({begun_entry(0, "pay", "3.0"), begun_entry(0, "pay", "3.1")});
  json request{
      {"verb", "settle"}, {"run", "r"}, {"effect", "pay"}, {"failure", "no"}};
  CHECK(in.ask(request).at("code") == json("bad_value"));
  request["address"] = "3.1";
  CHECK(in.ask(request).value("ok", false));
  const auto open = troupe::open_effects(*in.reader, "r");
  REQUIRE(open.size() == 1);
  CHECK(open[0].address == "3.0");
}

TEST_CASE("a request that is none is answered with an error") {
  failed_run in;
  const auto request = GENERATE(
      json(1), json::object(), json{{"verb", 1}}, json{{"verb", "walk"}},
      json{{"verb", "cancel"}}, json{{"verb", "cancel"}, {"run", 1}},
      json{{"verb", "fork"}, {"run", "r"}, {"after_step", "x"}},
      json{{"verb", "fork"}, {"run", "r"}, {"after_step", -1}},
      json{{"verb", "fork"}, {"run", "r"}, {"edits", 1}},
      json{{"verb", "purge"}, {"statuses", "failed"}},
      json{{"verb", "purge"}, {"statuses", {"running"}}},
      json{{"verb", "settle"}, {"run", "r"}, {"effect", "e"}});
  INFO(troupe::write_json(request));
  const auto answer = in.ask(request);
  CHECK_FALSE(answer.contains("ok"));
  CHECK(answer.at("error").is_string());
  CHECK(answer.at("code").is_string());
}

TEST_CASE("a run at work is changed by whoever has it at work") {
  failed_run in;
  in.add("live", run_status::running);
  troupe::command_scope scope;
  scope.store = &in.store;
  scope.reader = in.reader.get();
  scope.live = [](std::string_view verb, const std::string& run,
                  const json&) -> std::optional<json> {
    if (run != "live") return std::nullopt;
    return json{{"ok", true}, {"told", verb}};
  };
  CHECK(troupe::carry_out(scope, {{"verb", "cancel"}, {"run", "live"}})
            .at("told") == json("cancel"));
  CHECK(in.record("live").status == run_status::running);
  CHECK(troupe::carry_out(scope, {{"verb", "resume"}, {"run", "r"}})
            .value("ok", false));
}

TEST_CASE("a purge deletes runs that have ended only") {
  failed_run in;
  in.add("p", run_status::parked);
  CHECK(in.ask({{"verb", "purge"}}) == json{{"ok", true}, {"purged", 1}});
  CHECK(in.reader->find("p"));
  CHECK(in.reader->was_purged("r"));
}

TEST_CASE("a change that a store does not answer ends with an error") {
  failed_run in;
  in.store.hold_back();
  troupe::run_commit what;
  what.run = "r";
  what.change.status = run_status::parked;
  try {
    troupe::detail::commit_and_wait(in.store, what,
                                    std::chrono::milliseconds{1});
    FAIL("it has been answered");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::timed_out);
    CHECK(why.message().find("memory has not answered") != std::string::npos);
    CHECK(why.message().find("'r'") != std::string::npos);
  }
  // The answer comes to nobody.
  in.store.release_all();
  CHECK(in.record("r").status == run_status::parked);
}
