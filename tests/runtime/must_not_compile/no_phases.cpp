#include <troupe/flow.hpp>

struct empty {
  void run() const {}
};

void wire(troupe::flow_builder& builder) { builder.add("n", empty{}); }
