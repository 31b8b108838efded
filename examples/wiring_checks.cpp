// build() checks a flow and names every mistake at once. What an action does
// that no edge continues is a choice of the flow.

#include <troupe/troupe.hpp>

#include <array>
#include <iostream>
#include <string_view>

struct decide {
  static constexpr std::array<std::string_view, 2> actions{"yes", "no"};
  troupe::action post(troupe::state& shared) const {
    return shared.get<bool>("wanted") ? "yes" : "no";
  }
};

int main() {
  // region: mistakes
  const auto nothing = [](troupe::state&) {};
  troupe::flow_builder wrong{"wrong"};
  const auto chosen = wrong.add("decide", decide{});
  const auto a = wrong.add("a", nothing);
  const auto b = wrong.add("b", nothing, {.retry = {.attempts = 3}});
  wrong.add("a", nothing);
  (chosen - "yes") >> a;
  (chosen - "yes") >> b;
  (chosen - "perhaps") >> b;
  try {
    static_cast<void>(wrong.build());
  } catch (const troupe::error& why) {
    std::cout << why.message() << "\n";
  }
  // endregion

  troupe::system runtime;
  // region: missing
  using rule = troupe::flow_options::missing_edge;
  for (const auto when_missing : {rule::warns, rule::fails}) {
    troupe::flow_builder flow{"half", {.on_missing_edge = when_missing}};
    const auto decided = flow.add("decide", decide{});
    (decided - "yes") >> flow.add("go", nothing);
    const auto run = runtime.start(flow.build(), {{"wanted", false}});
    auto events = run.events();
    while (const auto told = events.next()) {
      if (told->kind == troupe::event_kind::warning) {
        std::cout << "warning at " << told->node << ": " << told->text << "\n";
      }
    }
    const auto end = run.get();
    std::cout << (end.ok() ? end.action.name() : end.failure->message())
              << "\n";
  }
  // endregion
}
