#include <troupe/flow.hpp>

struct ambiguous {
  int exec() const { return 1; }
  int exec(int number) const { return number; }
};

void wire(troupe::flow_builder& builder) { builder.add("n", ambiguous{}); }
