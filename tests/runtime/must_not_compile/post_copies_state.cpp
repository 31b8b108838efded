#include <troupe/flow.hpp>

struct loses {
  int exec() const { return 1; }
  troupe::task<> post(troupe::state shared, int given) const {
    shared["x"] = given;
    co_return;
  }
};

void wire(troupe::flow_builder& builder) { builder.add("n", loses{}); }
