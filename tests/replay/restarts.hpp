#pragma once

#include "replay/recorded_case.hpp"
#include "replay/scripted_flow.hpp"

#include <memory>
#include <optional>
#include <string>

namespace troupe::replay {

/// Runs cases in a process that dies after every step, and goes on from its
/// store.
///
/// Thread safety: confined to one thread.
class restarts {
 public:
  /// Errors: throws `troupe::error` if the store cannot be opened, and
  /// `std::runtime_error` without stores.
  explicit restarts(const std::string& file);
  restarts(const restarts&) = delete;
  restarts& operator=(const restarts&) = delete;
  ~restarts();

  /// What is in `seen` is not in order, and the same may be there twice.
  [[nodiscard]] std::optional<observation> run(
      const recorded_case& from, const std::shared_ptr<trace>& seen);

 private:
  struct parts;

  std::unique_ptr<parts> parts_;
};

}  // namespace troupe::replay
