#include <troupe/flow.hpp>

struct loses {
  int prep(troupe::state shared) const {
    shared["x"] = 1;
    return 1;
  }
  void post(troupe::state&, int) const {}
};

void wire(troupe::flow_builder& builder) { builder.add("n", loses{}); }
