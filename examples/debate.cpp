// Two agents that talk through their channels, each in a run of its own.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

// region: debater
/// Answers what it receives, so many times.
struct debater {
  std::string name;
  std::string view;
  troupe::llm::client model;
  troupe::channel own;
  troupe::channel other;
  int rounds;

  troupe::task<std::vector<std::string>> exec(troupe::context& ctx) const {
    std::vector<troupe::llm::message> talk{troupe::llm::message::system(
        "You are " + name + " and argue for " + view + ", in one sentence.")};
    std::vector<std::string> said;
    for (int round = 0; round < rounds; ++round) {
      const auto heard = co_await own.receive();
      if (!heard) break;
      talk.push_back(troupe::llm::message::user(heard->get<std::string>()));
      const auto reply = co_await model.chat(ctx, talk);
      talk.push_back(reply.message);
      said.push_back(reply.text());
      co_await other.send(reply.text());
    }
    co_return said;
  }
  void post(troupe::state& shared, const std::vector<std::string>& said) const {
    shared["said"] = said;
  }
};
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client model{runtime, how};

  // region: debate
  const troupe::channel for_tea{runtime};
  const troupe::channel for_coffee{runtime};
  const auto flow_of = [](const debater& who) {
    troupe::flow_builder flow{who.name};
    flow.add("debate", who);
    return flow.build();
  };
  const auto tea =
      runtime.start(flow_of({"Tess", "tea", model, for_tea, for_coffee, 2}));
  const auto coffee =
      runtime.start(flow_of({"Carl", "coffee", model, for_coffee, for_tea, 2}));
  for_tea.try_send("What is the better drink?");
  // endregion

  const auto one = tea.get();
  const auto other = coffee.get();
  if (!one.ok() || !other.ok()) {
    std::cout << troupe::printable((one.ok() ? other : one).failure->describe())
              << "\n";
    return 1;
  }
  for (std::size_t round = 0; round < 2; ++round) {
    std::cout << "Tess: "
              << troupe::printable(
                     one.state.at("said").at(round).get<std::string>())
              << "\nCarl: "
              << troupe::printable(
                     other.state.at("said").at(round).get<std::string>())
              << "\n";
  }
}
