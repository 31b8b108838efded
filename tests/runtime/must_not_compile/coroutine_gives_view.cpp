#include <troupe/flow.hpp>

#include <string>
#include <string_view>

struct views {
  std::string prep() const { return "text"; }
  troupe::task<std::string_view> exec(std::string text) const {
    co_return text;
  }
};

void wire(troupe::flow_builder& builder) { builder.add("n", views{}); }
