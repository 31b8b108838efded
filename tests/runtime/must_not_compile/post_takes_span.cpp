#include <troupe/flow.hpp>

#include <span>
#include <vector>

struct views {
  std::vector<int> exec() const { return {1, 2}; }
  troupe::task<> post(troupe::state& shared, std::span<const int> all) const {
    shared["count"] = all.size();
    co_return;
  }
};

void wire(troupe::flow_builder& builder) { builder.add("n", views{}); }
