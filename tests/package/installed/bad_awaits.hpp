#pragma once

#include <troupe/blocking.hpp>
#include <troupe/task.hpp>

// troupe_check_awaits is to find this; nobody compiles it.
struct waits {
  troupe::task<> exec(const int n) const {
    co_await troupe::blocking([n] { run(n); });  // tidy: allow await
  }
};
