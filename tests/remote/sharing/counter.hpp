#pragma once

#include <atomic>
#include <memory>

namespace troupe_test {

/// Counts what several copies of a node do, from any thread.
using counter = std::shared_ptr<std::atomic<int>>;

inline counter new_counter() { return std::make_shared<std::atomic<int>>(0); }

}  // namespace troupe_test
