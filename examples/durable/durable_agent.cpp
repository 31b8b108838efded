// A conversation with an agent that survives the death of its process: the
// program is killed while a tool works, and begins anew with the same lines.

#include "durable/lives.hpp"

#include <troupe/llm.hpp>
#include <troupe/store.hpp>
#include <troupe/troupe.hpp>

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

struct city {
  std::string name;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("name", &city::name, "A city, as in \"Paris\""));
  }
};

void converse(const std::filesystem::path& folder) {
  troupe::system_options options;
  options.store = troupe::sqlite(folder / "talks.db");
  troupe::system runtime{options};

  troupe::llm::client_options how;
  how.model = "scripted";
  troupe::llm::agent_options agent;
  agent.instructions = "You are a friendly assistant.";
  agent.tools = troupe::llm::toolbox{{troupe::llm::make_tool(
      "temperature", "The temperature in a city, in Celsius",
      [folder](const city&) {
        lives::die_once(folder / "temperature");
        return 19;
      })}};
  const auto chat =
      troupe::llm::make_agent("chat", troupe::llm::client{runtime, how}, agent);

  // region: turns
  troupe::state memory;
  troupe::run_options named;
  int number = 0;
  for (const std::string line :
       {"Hello, I am Ada, from Paris.", "How warm is it where I live?"}) {
    memory.set("/agent/task", line);
    // A turn that has ended gives its outcome, and asks no model.
    named.id = "talk-1." + std::to_string(++number);
    const auto turn = runtime.start(chat, memory, named).get();
    if (!turn.ok()) throw std::runtime_error(turn.failure->describe());
    memory = turn.state;
  }
  // endregion
  for (const auto& each : memory.at("/agent/messages")) {
    const auto text = each.at("text").get<std::string>();
    if (text.empty()) continue;
    std::cout << each.at("role").get<std::string>() << ": "
              << troupe::printable(text) << "\n";
  }
}

}  // namespace

int main() {
  const lives::folder place{"durable_agent"};
  for (int life = 1; life <= 2; ++life) {
    const auto end = lives::in_a_process([&] { converse(place.path()); });
    std::cout << "life " << life << ": " << end << "\n";
  }
}
