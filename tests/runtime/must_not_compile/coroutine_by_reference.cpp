#include <troupe/flow.hpp>

#include <string>

struct dangles {
  std::string prep() const { return "text"; }
  troupe::task<int> exec(const std::string& text) const {
    co_return static_cast<int>(text.size());
  }
};

void wire(troupe::flow_builder& builder) { builder.add("n", dangles{}); }
