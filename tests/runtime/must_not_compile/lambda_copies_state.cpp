#include <troupe/flow.hpp>

void wire(troupe::flow_builder& builder) {
  builder.add("n", [](troupe::state shared) { shared["x"] = 1; });
}
