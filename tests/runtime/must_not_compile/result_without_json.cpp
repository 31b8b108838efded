#include <troupe/flow.hpp>

#include <mutex>

struct keeps_a_lock {
  std::unique_lock<std::mutex> exec() const { return {}; }
};

void wire(troupe::flow_builder& builder) { builder.add("n", keeps_a_lock{}); }
