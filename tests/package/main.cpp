#include <iostream>
#include <troupe/error.hpp>

int main() {
  const troupe::error subject{troupe::errc::timed_out, "too late"};
  std::cout << subject.describe() << '\n';
}
