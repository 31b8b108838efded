#include <troupe/blocking.hpp>
#include <troupe/task.hpp>

#include <string>

troupe::task<std::string> read(std::string path) {
  co_return co_await troupe::blocking([path] { return path; });
}
