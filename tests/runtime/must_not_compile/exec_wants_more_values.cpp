#include <troupe/flow.hpp>

struct greedy {
  int prep() const { return 1; }
  int exec(int first, int second) const { return first + second; }
};

void wire(troupe::flow_builder& builder) { builder.add("n", greedy{}); }
