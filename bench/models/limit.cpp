#include "cases.hpp"
#include "models/model_calls.hpp"
#include "models/model_server_process.hpp"
#include "numbered_items.hpp"

#include <troupe/batch.hpp>
#include <troupe/http/http.hpp>
#include <troupe/llm/reply_error.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/system.hpp>

#include <cmath>
#include <string>
#include <utility>

namespace troupe::bench {

namespace {

struct ask_node {
  task<void> exec() const {
    http_request ask{"POST", base_url + "/chat/completions"};
    ask.headers = {{"Content-Type", "application/json"}};
    ask.body =
        json{{"messages",
              json::array({{{"role", "user"}, {"content", model_prompt()}}})}}
            .dump();
    const auto reply = co_await web.send(std::move(ask));
    if (reply.status != 200) {
      throw error{errc::rate_limited, "the server refuses"};
    }
  }

  http_client web;
  std::string base_url;
};

}  // namespace

report limit(const measuring& how, const limit_options& given) {
  using namespace std::chrono_literals;
  const auto allowed = static_cast<std::size_t>(std::floor(given.rate));
  samples walls;
  samples used;
  samples rejected;
  samples rejected_later;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const model_server_process server{{"--rate", std::to_string(allowed)}};
    system on{{.threads = how.threads}};
    rate_limit_options to_keep;
    to_keep.requests = {.amount = static_cast<double>(allowed), .per = 1s};
    const rate_limit kept{on, to_keep};
    node_options options;
    options.limits = {kept};
    options.retry.attempts = 10;
    flow_builder one{"one"};
    one.add("ask", ask_node{http_client{on}, server.base_url()}, options);
    const auto count = given.calls;
    const flow all =
        batch("all", one.build(),
              [count](const state&) { return numbered_items{count}; },
              {.concurrency = concurrency_max});
    const double before = now_ns();
    const outcome result = on.start(all).get();
    const double wall = (now_ns() - before) * 1e-9;
    if (!result.ok()) throw *result.failure;
    const auto counted = server.take_counts();
    walls.add(wall);
    used.add(static_cast<double>(counted.accepted) / wall /
             static_cast<double>(allowed));
    rejected.add(static_cast<double>(counted.rejected));
    rejected_later.add(
        static_cast<double>(counted.rejected_after_first_second));
  }
  report found{"limit"};
  found.set("calls", given.calls);
  found.set("rate", allowed);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("wall_s", walls);
  found.set("rejected", rejected);
  found.set("rejected_after_first_second", rejected_later);
  found.set("rate_used", used);
  return found;
}

}  // namespace troupe::bench
