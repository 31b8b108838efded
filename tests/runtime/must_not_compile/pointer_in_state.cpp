#include <troupe/state.hpp>

void keep(troupe::state& shared, int* address) {
  shared.set("address", address);
}
