#include "threads/node_thread.hpp"

#include <troupe/error.hpp>

#include <string>
#include <utility>

namespace troupe::detail {

constinit thread_local unsigned node_thread::marks = 0;

void node_thread::refuse_wait(std::string_view call, std::string_view instead) {
  if (marks == 0) return;
  std::string text{call};
  text +=
      " would block a thread that runs nodes, perhaps the one that would end "
      "the wait: ";
  text += instead;
  error why{errc::request_failed, std::move(text)};
  why.permanent();
  throw why;
}

}  // namespace troupe::detail
