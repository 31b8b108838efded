// Chat with memory: the conversation is in the shared state, and a long one is
// folded into a summary.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client model{runtime, how};

  // region: chat
  troupe::llm::agent_options options;
  options.instructions = "You are a friendly assistant.";
  options.history_max = 40;
  options.history_kept = 2;
  const troupe::flow chat = troupe::llm::make_agent("chat", model, options);

  troupe::state memory;
  for (const std::string line : {"Hello, my name is Ada and I build engines.",
                                 "What do I build?", "And what is my name?"}) {
    memory.set("/agent/task", line);
    const auto turn = runtime.start(chat, memory).get();
    if (!turn.ok()) {
      std::cerr << troupe::printable(turn.failure->describe()) << "\n";
      return 1;
    }
    memory = turn.state;
    std::cout << "> " << line << "\n"
              << troupe::printable(memory.get<std::string>("/agent/answer"),
                                   troupe::line_breaks::kept)
              << "\n";
  }
  // endregion
  std::cout << "messages kept: " << memory.at("/agent/messages").size() << "\n";
}
