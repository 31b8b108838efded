// Every public awaitable in each form that the documentation shows, compiled
// with optimisation and the address sanitizer: what GCC 12 destroys twice
// beside co_await ends this program.

#include <troupe/ask.hpp>
#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/channel.hpp>
#include <troupe/gather.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/result_cache.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#ifdef TROUPE_TEST_LLM
#include <troupe/llm/client.hpp>
#include <troupe/llm/mcp_client.hpp>
#endif
#ifdef TROUPE_TEST_REMOTE
#include <troupe/remote/keyed_actors.hpp>
#include <troupe/remote/shared_limit.hpp>
#include <troupe/remote/shared_semaphore.hpp>
#include <troupe/remote/topic.hpp>
#endif

#include <caf/all.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::context;
using troupe::state;
using troupe::task;
using troupe::value;

namespace {

const std::string text = "a text that is too long to be kept in the string";

task<std::string> echo(std::string said) { co_return said; }

task<std::string> later(std::string said, troupe::duration wait) {
  co_await troupe::sleep_for(wait);
  co_return said;
}

std::vector<task<std::string>> two_tasks() {
  std::vector<task<std::string>> tasks;
  tasks.push_back(echo(text));
  tasks.push_back(later(text, 1ms));
  return tasks;
}

/// The result of one form, and the parts it is made of.
struct parts {
  troupe::system& runtime;
  troupe::flow inner;
};

using form = std::function<task<std::string>(parts&, context&)>;

task<std::string> tasks_and_time(parts&, context&) {
  std::string all = co_await echo(text) + co_await echo(text + "x");
  auto named = echo(text);
  all += co_await named;
  co_await troupe::sleep_for{1ms};
  all += co_await troupe::within(1min, echo(text));
  try {
    all += co_await troupe::within(1ms, later(text, 1min));
  } catch (const troupe::error& why) {
    all += why.message();
  }
  all += (co_await troupe::gather(two_tasks())).at(1);
  troupe::gather_options options;
  options.width = 1;
  all += (co_await troupe::gather(two_tasks(), options)).at(0);
  co_return all;
}

task<std::string> runs(parts& of, context&) {
  const state shared{{"name", text}};
  troupe::run_options options;
  options.id = text;
  const troupe::run named = of.runtime.start(of.inner, shared, options);
  std::string all = (co_await named).state.get<std::string>("name");
  const auto bare = co_await of.runtime.start(of.inner);
  all += bare.state.get<std::string>("seen");
  const auto given = co_await of.runtime.start(of.inner, shared);
  all += given.state.at("name").get<std::string>();
  all += (co_await of.runtime.start(of.inner, shared, options)).action.name();
  const troupe::json written{{"name", text}};
  all += (co_await of.runtime.start(of.inner, written)).state.root().dump();
  const auto body = of.inner;
  const auto none = [](const state&) { return std::vector<troupe::json>{}; };
  all +=
      (co_await of.runtime.start(troupe::batch("b", body, none))).action.name();
  co_return all;
}

task<std::string> pool_and_lines(parts& of, context& ctx) {
  const std::string path = text;
  const auto read = [path] { return "text of " + path; };
  std::string all = co_await troupe::blocking(read);
  const troupe::semaphore seats{of.runtime, 2};
  {
    const auto one = co_await seats.acquire();
    const auto other = co_await seats.acquire(1);
    all += one && other ? "two" : "none";
  }
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 1'000, .per = 1s};
  const troupe::rate_limit limit{of.runtime, allowed};
  auto pass = co_await limit.acquire();
  pass.used(1);
  auto other = co_await limit.acquire(1'000);
  other.give_back();
  const troupe::channel box{of.runtime};
  co_await box.send("What is the better drink?");
  co_await box.send(text);
  co_await box.send(value(text));
  co_await box.send(value::object());
  all += (co_await box.receive()).value().get<std::string>();
  const auto heard = co_await box.receive();
  all += heard->get<std::string>();
  const troupe::result_cache cache{of.runtime};
  auto work = echo(text);
  all += co_await cache.get(ctx, text, std::move(work));
  all += co_await cache.get(ctx, value(text), echo(text));
  co_return all;
}

task<std::string> asking(parts& of, context&) {
  const auto to = of.runtime.actors().spawn([] {
    return caf::behavior{[](const std::string& said) { return said; },
                         [](int a, int b) { return a + b; }};
  });
  std::string all = co_await troupe::ask<std::string>(to, 5s, text);
  all += co_await troupe::ask<std::string>(to, 5s, text + "x");
  all += std::to_string(co_await troupe::ask<int>(to, 5s, 1, 2));
  co_return all;
}

#ifdef TROUPE_TEST_LLM
// Nobody listens there. What was passed is destroyed all the same.
const std::string nowhere = "http://127.0.0.1:1/a/path/that/is/long/enough";

template <class F>
task<std::string> refused(F call) {
  try {
    auto calling = call();
    co_await calling;
  } catch (const troupe::error& why) {
    co_return why.message();
  }
  co_return "";
}

task<std::string> http(troupe::http_client web) {
  troupe::http_request ask{"POST", nowhere, text};
  const auto reply = co_await web.send(std::move(ask));
  co_return reply.body;
}
task<std::string> http_in_place(troupe::http_client web) {
  auto stream = co_await web.open(troupe::http_request{"GET", nowhere});
  co_return (co_await stream.read()).value();
}

task<std::string> chat(troupe::llm::client model, context& ctx) {
  troupe::llm::chat_request ask{"Summarize: " + text};
  const auto reply = co_await model.chat(ctx, std::move(ask));
  co_return reply.text();
}
task<std::string> chat_in_place(troupe::llm::client model, context& ctx) {
  co_return (co_await model.chat(ctx, troupe::llm::chat_request{text})).text();
}
task<std::string> chat_in_one_line(troupe::llm::client model, context& ctx) {
  const auto reply = co_await model.chat(ctx, "Summarize: " + text);
  co_return reply.text();
}
task<std::string> chat_of_literal(troupe::llm::client model, context& ctx) {
  const auto reply = co_await model.chat(ctx, "Summarize.");
  co_return reply.text();
}
task<std::string> chat_of_messages(troupe::llm::client model, context& ctx) {
  const std::vector<troupe::llm::message> talk{
      troupe::llm::message::user("Summarize: " + text)};
  const auto reply = co_await model.chat(ctx, talk);
  co_return reply.text();
}
task<std::string> chat_stream(troupe::llm::client model) {
  auto reply = co_await model.open("Summarize: " + text);
  while (co_await reply.next()) continue;
  co_return reply.text();
}
task<std::string> embed(troupe::llm::client model) {
  const std::vector<std::string> texts{text, text + "x"};
  const auto reply = co_await model.embed(texts);
  co_return reply.model;
}
task<std::string> embed_more(troupe::llm::client model) {
  const std::vector<std::string> texts{text, text + "x"};
  const troupe::json extra{{"dimensions", 256}};
  const auto reply = co_await model.embed(texts, extra);
  co_return reply.model;
}
task<std::string> models(troupe::llm::client model) {
  co_return (co_await model.models()).front();
}

task<std::string> tools(troupe::llm::mcp_client server) {
  co_return (co_await server.tools()).front().spec().name;
}
task<std::string> tool_call(troupe::llm::mcp_client server) {
  const troupe::json arguments{{"city", text}};
  co_return (co_await server.call("weather", arguments)).dump();
}

task<std::string> servers(parts& of, context& ctx) {
  const troupe::http_client web{of.runtime};
  troupe::llm::client_options how;
  how.model = "m";
  how.base_url = nowhere;
  how.api_key = text;
  const troupe::llm::client model{web, how};
  troupe::llm::mcp_address where;
  where.url = nowhere;
  const troupe::llm::mcp_client server{of.runtime, where};
  std::vector<std::function<task<std::string>()>> calls;
  calls.push_back([&] { return http(web); });
  calls.push_back([&] { return http_in_place(web); });
  calls.push_back([&] { return chat(model, ctx); });
  calls.push_back([&] { return chat_in_one_line(model, ctx); });
  calls.push_back([&] { return chat_of_literal(model, ctx); });
  calls.push_back([&] { return chat_of_messages(model, ctx); });
  calls.push_back([&] { return chat_in_place(model, ctx); });
  calls.push_back([&] { return chat_stream(model); });
  calls.push_back([&] { return embed(model); });
  calls.push_back([&] { return embed_more(model); });
  calls.push_back([&] { return models(model); });
  calls.push_back([&] { return tools(server); });
  calls.push_back([&] { return tool_call(server); });
  std::string all;
  for (const auto& each : calls) all += co_await refused(each);
  co_return all;
}
#endif

#ifdef TROUPE_TEST_REMOTE
struct session {
  task<troupe::json> receive(const troupe::json& said) {
    co_await troupe::sleep_for(1ms);
    co_return said;
  }
};

task<std::string> cluster(parts& of, context&) {
  const auto make = [](const std::string&) { return session{}; };
  const troupe::remote::keyed_actors sessions{of.runtime, "session", make};
  const troupe::json message = text;
  const auto reply = co_await sessions.ask("user 7", message, 5s);
  std::string all = reply.get<std::string>();
  all += (co_await sessions.ask("user 8", troupe::json(text), 5s)).dump();
  const troupe::remote::topic prices{of.runtime, "prices"};
  const auto heard = prices.subscribe();
  prices.publish(text);
  all += (co_await heard.next()).get<std::string>();
  const troupe::remote::shared_semaphore seats{of.runtime, "seats", 1};
  const auto seat = co_await seats.acquire();
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 1'000, .per = 1s};
  const troupe::remote::shared_limit limit{of.runtime, "limit", allowed};
  auto pass = co_await limit.acquire();
  co_return all;
}
#endif

struct try_form {
  task<std::string> exec(context& ctx) const {
    auto work = which(*of, ctx);
    co_return co_await work;
  }
  void post(state& shared, const std::string& given) const {
    shared["given"] = given;
  }

  form which;
  parts* of;
};

/// Returns whether it gave something.
bool run_form(parts& of, const char* name, form which) {
  troupe::flow_builder builder{name};
  builder.add("form", try_form{std::move(which), &of});
  const auto end = of.runtime.start(builder.build()).get();
  if (end.ok() && !end.state.get<std::string>("given").empty()) return true;
  std::fprintf(stderr, "%s: %s\n", name,
               end.ok() ? "nothing" : end.failure->describe().c_str());
  return false;
}

}  // namespace

int main() {
  troupe::system runtime{{.threads = 2}};
  troupe::flow_builder inner{"inner"};
  inner.add("seen", [](state& shared) { shared["seen"] = text; });
  parts of{runtime, inner.build()};
  bool all_well = run_form(of, "tasks_and_time", tasks_and_time);
  all_well &= run_form(of, "runs", runs);
  all_well &= run_form(of, "pool_and_lines", pool_and_lines);
  all_well &= run_form(of, "asking", asking);
#ifdef TROUPE_TEST_LLM
  all_well &= run_form(of, "servers", servers);
#endif
#ifdef TROUPE_TEST_REMOTE
  all_well &= run_form(of, "cluster", cluster);
#endif
  return all_well ? 0 : 1;
}
