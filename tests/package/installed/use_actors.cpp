#include <troupe/troupe.hpp>

#include <iostream>

int main() {
  troupe::flow_builder flow{"answer"};
  flow.add("set", [](troupe::state& shared) { shared.set("n", 42); });
  troupe::system runtime;
  const auto end = runtime.start(flow.build()).get();
  std::cout << "n = " << end.state.get<int>("n") << '\n';
}
