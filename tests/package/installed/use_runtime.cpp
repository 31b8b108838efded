#include <troupe/state.hpp>

#include <iostream>

int main() {
  troupe::state shared;
  shared.set("n", 20);
  shared.add("n", 22);
  std::cout << "n = " << shared.get<int>("n") << '\n';
}
