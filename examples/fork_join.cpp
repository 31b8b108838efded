// Different branches side by side, with a join. No branch waits for the steps
// of another; the node after the fork waits for all.

#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;

struct fetch {
  troupe::task<std::string> exec() const {
    co_await troupe::sleep_for(takes);
    co_return what;
  }
  void post(troupe::state& shared, const std::string& found) const {
    shared.set("/found/" + place, found);
    shared.append("seen", place);
  }

  std::string place;
  std::string what;
  std::chrono::milliseconds takes;
};

troupe::flow only(const std::string& name, fetch node) {
  troupe::flow_builder flow{name};
  flow.add("fetch", std::move(node));
  return flow.build();
}

int main() {
  // region: fork
  const auto weather = only("weather", {"weather", "rain", 30ms});
  const auto traffic = only("traffic", {"traffic", "none", 10ms});
  const auto news = only("news", {"news", "a new bridge", 20ms});
  const auto all = troupe::fork("gather", {weather, traffic, news});

  troupe::flow_builder flow{"briefing"};
  const auto gathered = flow.add("gather", all);
  const auto write = flow.add("write", [](troupe::state& shared) {
    shared["briefing"] =
        "Weather: " + shared.get<std::string>("/found/weather") +
        ". Traffic: " + shared.get<std::string>("/found/traffic") +
        ". News: " + shared.get<std::string>("/found/news");
  });
  gathered >> write;
  // endregion

  troupe::system runtime;
  const auto end = runtime.start(flow.build()).get();
  std::cout << end.state.get<std::string>("briefing") << "\n"
            << "merged in the order of the branches: " << end.state.at("seen")
            << "\n";

  // region: conflict
  const auto set = [](const char* name, int to) {
    troupe::flow_builder branch{name};
    branch.add("set", [to](troupe::state& shared) { shared["x"] = to; });
    return branch.build();
  };
  const auto torn = troupe::fork("torn", {set("a", 1), set("b", 2)});
  const auto conflict = runtime.start(torn).get();
  std::cout << to_string(conflict.failure->code()) << "\n";

  const auto last = troupe::fork("last", {set("a", 1), set("b", 2)},
                                 {.on_conflict = troupe::on_conflict::last});
  std::cout << runtime.start(last).get().state.at("x") << "\n";
  // endregion
}
