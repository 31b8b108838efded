#include <troupe/each.hpp>
#include <troupe/flow.hpp>

#include <string>
#include <string_view>
#include <vector>

struct views {
  std::vector<std::string> prep() const { return {"text"}; }
  troupe::task<int> exec(std::string_view text) const {
    co_return static_cast<int>(text.size());
  }
};

void wire(troupe::flow_builder& builder) {
  builder.add("n", troupe::each(views{}));
}
