#include <troupe/error.hpp>

#include <iostream>

int main() {
  const troupe::error subject{troupe::errc::timed_out, "too late"};
  std::cout << subject.describe() << '\n';
}
