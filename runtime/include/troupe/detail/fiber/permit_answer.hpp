#pragma once

#include "troupe/error.hpp"

#include <memory>
#include <optional>

namespace troupe::detail {

/// The answer to a wait for a permit: the permit, which goes back when it dies,
/// or why it can never come.
struct permit_answer {
  std::shared_ptr<void> permit = {};
  std::optional<error> refused = {};
};

}  // namespace troupe::detail
