#include <troupe/blocking.hpp>
#include <troupe/task.hpp>

#include <string>
#include <string_view>

troupe::task<int> read(std::string path) {
  const auto name = [path] { return std::string_view{path}.substr(1); };
  const std::string_view found = co_await troupe::blocking(name);
  co_return static_cast<int>(found.size());
}
