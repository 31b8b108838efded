// A guardrail: a small model looks at what comes in, and a question that is
// not allowed never reaches the large one.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <array>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace {

struct ruling {
  bool allowed = false;
  std::string reason;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("allowed", &ruling::allowed,
                           "Whether it may be answered"),
        troupe::llm::field("reason", &ruling::reason, "Why, in few words"));
  }
};

// region: guard
struct guard {
  static constexpr std::array<std::string_view, 2> actions{"allowed",
                                                           "refused"};
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("question");
  }
  troupe::task<ruling> exec(std::string question, troupe::context& ctx) const {
    troupe::llm::chat_request ask{
        {troupe::llm::message::system(
             "You are a guard: only questions about travel are allowed."),
         troupe::llm::message::user(std::move(question))}};
    ask.reply_as = troupe::llm::reply_schema_of<ruling>("ruling");
    const auto reply = co_await model.chat(ctx, std::move(ask));
    co_return troupe::llm::read_reply<ruling>(reply);
  }
  // If nobody can tell, it is not allowed.
  ruling fallback(const std::string&) const { return {false, "no ruling"}; }
  troupe::action post(troupe::state& shared, const std::string&,
                      const ruling& given) const {
    if (given.allowed) return "allowed";
    shared["answer"] = "Refused: " + given.reason;
    return "refused";
  }
};
// endregion

struct respond {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("question");
  }
  troupe::task<std::string> exec(std::string question,
                                 troupe::context& ctx) const {
    const auto reply = co_await model.chat(ctx, std::move(question));
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& text) const {
    shared["answer"] = text;
  }
};

}  // namespace

int main() {
  troupe::system runtime;
  const troupe::http_client web{runtime};
  troupe::llm::client_options how;
  how.model = "small";
  const troupe::llm::client small{web, how};
  how.model = "large";
  const troupe::llm::client large{web, how};

  // region: flow
  troupe::flow_builder flow{"guarded"};
  const auto guarded =
      flow.add("guard", guard{small}, {.retry = {.attempts = 2}});
  const auto answered = flow.add("respond", respond{large});
  const auto done = flow.add("finish", [](const troupe::state&) {});
  (guarded - "allowed") >> answered >> done;
  (guarded - "refused") >> done;
  const auto work = flow.build();
  // endregion
  for (const std::string question :
       {"How do I get from Paris to Oslo?", "How do I pick a lock?"}) {
    const auto end = runtime.start(work, {{"question", question}}).get();
    if (!end.ok()) {
      std::cout << troupe::printable(end.failure->describe()) << "\n";
      return 1;
    }
    std::cout << question << "\n  "
              << troupe::printable(end.state.get<std::string>("answer"))
              << "\n";
  }
}
