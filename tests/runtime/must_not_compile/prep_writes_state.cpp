#include <troupe/flow.hpp>

struct writes_early {
  int prep(troupe::state& shared) const {
    shared.set("early", true);
    return 1;
  }
  void post(troupe::state&, int) const {}
};

void wire(troupe::flow_builder& builder) { builder.add("n", writes_early{}); }
