#include <troupe/http.hpp>
#include <troupe/troupe.hpp>

#include <iostream>

int main() {
  troupe::system runtime;
  const troupe::http_client web{runtime};
  const bool is_url = troupe::is_web_url("https://example.com");
  std::cout << "n = " << (is_url ? 42 : 0) << '\n';
}
