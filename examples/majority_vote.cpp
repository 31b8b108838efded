// Several voters answer one question; those that fail in all attempts are
// dropped, and the majority of the others wins.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// region: node
struct vote {
  std::vector<std::string> prep(const troupe::state& shared) const {
    return shared.get<std::vector<std::string>>("voters");
  }
  troupe::task<troupe::value> exec(std::string voter) const {
    co_await troupe::sleep_for(1ms);  // a model would think here
    if (voter == "broken") throw std::runtime_error("no answer");
    co_return voter;
  }
  troupe::value fallback(const std::string& /*voter*/) const { return {}; }
  troupe::action post(troupe::state& shared,
                      const std::vector<std::string>& voters,
                      const std::vector<troupe::value>& votes) const {
    std::map<std::string, std::size_t> count;
    for (const auto& each : votes) {
      if (!each.is_null()) ++count[each.get<std::string>()];
    }
    shared["asked"] = voters.size();
    shared["count"] = count;
    if (count.empty()) return "undecided";
    shared["winner"] =
        std::max_element(count.begin(), count.end(), [](auto& a, auto& b) {
          return a.second < b.second;
        })->first;
    return {};
  }
};
// endregion

int main() {
  // region: each
  troupe::flow_builder flow{"majority_vote"};
  flow.add("vote", troupe::each(vote{}, {.concurrency = 3}),
           {.retry = {.attempts = 2}});
  // endregion
  const auto built = flow.build();

  troupe::system runtime;
  for (const auto& voters :
       {troupe::json{"broken", "broken", "yes", "no", "yes"},
        troupe::json{"broken", "broken"}, troupe::json::array()}) {
    const auto end = runtime.start(built, {{"voters", voters}}).get();
    std::cout << end.action.name() << " " << end.state.at("count") << " of "
              << end.state.at("asked") << ": "
              << end.state.get_or<std::string>("winner", "nobody") << "\n";
  }
}
