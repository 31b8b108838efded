// Branches and a loop: an expense is reviewed, revised and reviewed again,
// until it is approved or refused.

#include <troupe/troupe.hpp>

#include <array>
#include <iostream>
#include <string>
#include <string_view>

// region: node
struct review {
  // Says which actions there are, so that build() can check the edges.
  static constexpr std::array<std::string_view, 3> actions{"approve", "revise",
                                                           "refuse"};
  int prep(const troupe::state& shared) const {
    return shared.get<int>("/expense/amount");
  }
  troupe::action post(troupe::state& shared, int amount) const {
    shared.append("log", "review of " + std::to_string(amount));
    if (amount <= 100) return "approve";
    if (amount <= 1000) return "revise";
    return "refuse";
  }
};
// endregion

void revise(troupe::state& shared) {
  const int amount = shared.get<int>("/expense/amount") / 2;
  shared["expense"]["amount"] = amount;
  shared.append("log", "revised to " + std::to_string(amount));
}

int main() {
  // region: wiring
  troupe::flow_builder flow{"expense_approval"};
  const auto reviewed = flow.add("review", review{});
  const auto revised =
      flow.add("revise", [](troupe::state& shared) { revise(shared); });
  const auto paid = flow.add(
      "pay", [](troupe::state& shared) { shared.append("log", "paid"); });
  const auto done = flow.add("finish", [](const troupe::state& shared) {
    return troupe::action{shared.at("log").size() > 1 ? "done" : "refused"};
  });
  (reviewed - "approve") >> paid >> done;
  (reviewed - "revise") >> revised >> reviewed;
  (reviewed - "refuse") >> done;
  // endregion
  const auto built = flow.build();

  troupe::system runtime;
  for (const int amount : {40, 360, 5000}) {
    const troupe::state expense{
        {"expense", troupe::value::object({{"amount", amount}})}};
    const auto end = runtime.start(built, expense).get();
    std::cout << end.action.name() << ": " << end.state.at("log") << "\n";
  }

  // A loop that never ends is stopped by the step limit.
  // region: step_limit
  troupe::flow_builder endless{"endless"};
  const auto again = endless.add("again", [](troupe::state&) {});
  again >> again;
  const auto end = runtime.start(endless.build(), {}, {.steps_max = 50}).get();
  std::cout << to_string(end.failure->code()) << " at " << end.failure->node()
            << "\n";
  // endregion
}
