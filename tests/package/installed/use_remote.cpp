#include <troupe/remote.hpp>
#include <troupe/troupe.hpp>

#include <iostream>

int main() {
  troupe::system runtime{{.prepare = troupe::remote::network()}};
  const troupe::remote::listener workers{runtime};
  std::cout << "n = " << (workers.workers() == 0 ? 42 : 0) << '\n';
}
