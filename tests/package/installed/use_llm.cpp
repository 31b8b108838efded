#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>

int main() {
  troupe::system runtime;
  const troupe::llm::client model{runtime, {.model = "any"}};
  const troupe::llm::chat_request ask{"How many?"};
  std::cout << "n = " << (ask.messages.size() == 1 ? 42 : 0) << '\n';
}
