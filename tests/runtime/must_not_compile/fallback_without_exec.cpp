#include <troupe/flow.hpp>

struct falls_back_from_nothing {
  int fallback() const { return 1; }
  void post(troupe::state&) const {}
};

void wire(troupe::flow_builder& builder) {
  builder.add("n", falls_back_from_nothing{});
}
