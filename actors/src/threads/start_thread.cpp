#include "threads/start_thread.hpp"

#include <troupe/error.hpp>

#include <new>
#include <string>
#include <system_error>

namespace troupe::detail {

namespace {

[[noreturn]] void refuse(std::string_view purpose, const std::string& why) {
  throw error{errc::overloaded, "cannot start a thread for " +
                                    std::string{purpose} + ": " + why + "; " +
                                    std::to_string(threads_running.load()) +
                                    " threads of the runtime are running"};
}

}  // namespace

void throw_no_thread(std::string_view purpose) {
  try {
    throw;
  } catch (const std::system_error& why) {
    refuse(purpose, why.code().message());
  } catch (const std::bad_alloc&) {
    refuse(purpose, "out of memory");
  }
}

}  // namespace troupe::detail
