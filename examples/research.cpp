// A research agent: a model makes questions of a subject, an inner flow per
// question finds an answer, all of them at the same time, and a report is
// written. A supervisor sends a poor answer back.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

struct questions {
  std::vector<std::string> list;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("list", &questions::list, "Two questions"));
  }
};

struct query {
  std::string words;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("words", &query::words, "What to look up"));
  }
};

// region: plan
struct plan {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("subject");
  }
  troupe::task<questions> exec(std::string subject,
                               troupe::context& ctx) const {
    troupe::llm::chat_request ask{"Plan research on: " + subject};
    ask.reply_as = troupe::llm::reply_schema_of<questions>("questions");
    const auto reply = co_await model.chat(ctx, std::move(ask));
    co_return troupe::llm::read_reply<questions>(reply);
  }
  void post(troupe::state& shared, const std::string&,
            const questions& made) const {
    shared["questions"] = made.list;
  }
};
// endregion

/// Makes the question of the sub-flow the task of its agent.
struct take_question {
  void post(troupe::state& shared, const troupe::context& ctx) const {
    shared.set("/agent/task", ctx.params().at("question"));
  }
};

struct keep_answer {
  void post(troupe::state& shared, const troupe::context& ctx) const {
    shared["findings"][ctx.params().at("question")] =
        shared.at("/agent/answer");
  }
};

// region: inner
troupe::flow find_one(const troupe::llm::client& model) {
  troupe::llm::agent_options options;
  options.instructions = "You are a researcher. Look things up.";
  options.tools = troupe::llm::toolbox{{troupe::llm::make_tool(
      "look_up", "Looks words up in an encyclopedia", [](query asked) {
        return "The encyclopedia knows much of " + asked.words + ".";
      })}};
  const auto agent = troupe::llm::make_agent("find", model, options);
  // The supervisor wants whole sentences.
  const auto judge =
      [](std::string answer,
         troupe::context&) -> troupe::task<troupe::llm::verdict> {
    const bool good = answer.ends_with('.');
    co_return troupe::llm::verdict{good, "Answer in a whole sentence."};
  };
  troupe::flow_builder flow{"find_one"};
  flow.add("take_question", take_question{}) >>
      flow.add("find", troupe::llm::reviewed("reviewed", agent, judge)) >>
      flow.add("keep_answer", keep_answer{});
  return flow.build();
}
// endregion

// region: report
struct report {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    return "Write a report on:\n" + shared.at("findings").to_json().dump();
  }
  troupe::task<std::string> exec(std::string prompt,
                                 troupe::context& ctx) const {
    const auto reply = co_await model.chat(ctx, std::move(prompt));
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& text) const {
    shared["report"] = text;
  }
};
// endregion

std::vector<troupe::json> params_of(const troupe::state& shared) {
  std::vector<troupe::json> all;
  for (const auto& each : shared.at("questions")) {
    all.push_back({{"question", each.get<std::string>()}});
  }
  return all;
}

}  // namespace

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client model{runtime, how};

  // region: flow
  troupe::fan_out_options at_once;
  at_once.concurrency = 8;
  at_once.local = {"agent"};
  troupe::flow_builder flow{"research"};
  flow.add("plan", plan{model}, {.retry = {.attempts = 3}}) >>
      flow.add("find", troupe::batch("find_all", find_one(model), params_of,
                                     at_once)) >>
      flow.add("report", report{model});
  // endregion
  const auto end =
      runtime.start(flow.build(), {{"subject", "lighthouses"}}).get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  for (const auto& question : end.state.at("questions")) {
    const auto asked = question.get<std::string>();
    std::cout << troupe::printable(asked) << "\n  "
              << troupe::printable(
                     end.state.at("findings").at(asked).get<std::string>())
              << "\n";
  }
  std::cout << troupe::printable(end.state.get<std::string>("report"),
                                 troupe::line_breaks::kept)
            << "\n";
}
