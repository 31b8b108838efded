#include <troupe/batch.hpp>

#include <vector>

troupe::flow lose(const troupe::flow& body) {
  troupe::fan_out_options options;
  options.post = [](troupe::state shared,
                    const std::vector<troupe::branch_outcome>&,
                    troupe::context&) {
    shared["x"] = 1;
    return troupe::action{};
  };
  return troupe::fork("fork", {body}, options);
}
