#include <troupe/flow.hpp>

struct remembers {
  int exec() { return ++calls; }
  int calls = 0;
};

void wire(troupe::flow_builder& builder) { builder.add("n", remembers{}); }
