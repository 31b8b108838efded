// Map-reduce over a long document: a model summarises each part, all at the
// same time within a rate, and then the summaries.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace {

// region: map
struct summarize_parts {
  troupe::llm::client model;

  std::vector<std::string> prep(const troupe::state& shared) const {
    return shared.get<std::vector<std::string>>("parts");
  }
  troupe::task<std::string> exec(std::string part, troupe::context& ctx) const {
    const auto reply =
        co_await model.chat(ctx, "Summarise this part:\n" + part);
    co_return reply.text();
  }
  std::string fallback(const std::string&, const troupe::error& why) const {
    return "(no summary: " + std::string{to_string(why.code())} + ")";
  }
  void post(troupe::state& shared, const std::vector<std::string>&,
            const std::vector<std::string>& summaries) const {
    shared["summaries"] = summaries;
  }
};
// endregion

// region: reduce
struct summarize_summaries {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    std::string all;
    for (const auto& each : shared.at("summaries")) {
      all += each.get<std::string>() + "\n";
    }
    return all;
  }
  troupe::task<std::string> exec(std::string all, troupe::context& ctx) const {
    const auto reply = co_await model.chat(ctx, "Put these together:\n" + all);
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& summary) const {
    shared["summary"] = summary;
  }
};
// endregion

}  // namespace

int main() {
  using namespace std::chrono_literals;
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client model{runtime, how};

  // region: flow
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 6000, .per = 1min};
  const troupe::rate_limit rate{runtime, allowed};

  troupe::flow_builder flow{"map_reduce"};
  flow.add("map", troupe::each(summarize_parts{model}, {.concurrency = 8}),
           {.retry = {.attempts = 3, .wait = 10ms}, .limits = {rate}}) >>
      flow.add("reduce", summarize_summaries{model},
               {.retry = {.attempts = 3}, .limits = {rate}});
  // endregion
  const std::vector<std::string> parts{
      "The river rises in the hills. It is narrow there.",
      "Below the town it is broad. Ships sail on it.",
      "At its mouth lies a port. It is old."};
  const auto end = runtime.start(flow.build(), {{"parts", parts}}).get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  for (const auto& each : end.state.at("summaries")) {
    std::cout << "- " << troupe::printable(each.get<std::string>()) << "\n";
  }
  std::cout << troupe::printable(end.state.get<std::string>("summary"),
                                 troupe::line_breaks::kept)
            << "\n";
}
