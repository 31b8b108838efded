#pragma once

#include <troupe/context.hpp>
#include <troupe/task.hpp>
#include <troupe/testing.hpp>

namespace troupe_test {

/// The `exec` of a node that waits, fails and dies as its script says, to
/// derive nodes from.
struct scripted_exec {
  troupe::testing::script calls;

  troupe::task<int> exec(troupe::context& ctx) const {
    co_return (co_await calls.next(ctx)).get<int>();
  }
};

}  // namespace troupe_test
