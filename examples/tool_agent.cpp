// An agent with two tools, of which the model calls both at once.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <map>
#include <string>

namespace {

// region: tools
struct city {
  std::string name;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("name", &city::name, "A city, as in \"Paris\""));
  }
};

struct sum {
  double a = 0;
  double b = 0;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("a", &sum::a, "The first number"),
        troupe::llm::field("b", &sum::b, "The second number"));
  }
};

int temperature_in(const city& where) {
  static const std::map<std::string, int> known{{"Paris", 19}, {"Oslo", 7}};
  const auto found = known.find(where.name);
  if (found == known.end()) {
    throw troupe::error{troupe::errc::missing_key,
                        "there is no weather for " + where.name};
  }
  return found->second;
}

double add(const sum& numbers) { return numbers.a + numbers.b; }

troupe::llm::toolbox tools() {
  using troupe::llm::make_tool;
  return troupe::llm::toolbox{
      {make_tool("temperature", "The temperature in a city, in Celsius",
                 [](city where) { return temperature_in(where); }),
       make_tool("add", "The sum of two numbers",
                 [](sum numbers) { return add(numbers); })}};
}
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  // region: agent
  troupe::llm::agent_options options;
  options.instructions = "You answer questions, with the tools you have.";
  options.tools = tools();
  options.turns_max = 5;
  const auto agent = troupe::llm::make_agent(
      "agent", troupe::llm::client{runtime, how}, options);

  troupe::state work;
  work.set("/agent/task", "How warm is it in Paris, and what is 19 + 23?");
  const auto run = runtime.start(agent, work);
  // endregion
  auto events = run.events();
  while (const auto event = events.next()) {
    if (event->kind == troupe::event_kind::custom) {
      std::cout << "calls " << event->data.at("tool") << "\n";
    }
  }
  const auto end = run.get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  for (const auto& each : end.state.at("/agent/messages")) {
    if (each.at("role") != "tool") continue;
    std::cout << "result " << each.at("text") << "\n";
  }
  std::cout << troupe::printable(end.state.get<std::string>("/agent/answer"),
                                 troupe::line_breaks::kept)
            << "\n";
}
