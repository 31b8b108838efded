#include <troupe/flow.hpp>

#include <string>
#include <vector>

struct mismatched {
  std::string prep() const { return "text"; }
  int exec(std::vector<int> items) const {
    return static_cast<int>(items.size());
  }
};

void wire(troupe::flow_builder& builder) { builder.add("n", mismatched{}); }
