#pragma once

#include "replay/recorded_case.hpp"
#include "replay/scripted_flow.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace troupe::replay {

/// Runs cases durably, in a store in a file: after every step the system is
/// taken down as if its process had died before it heard of the commit, and
/// another one resumes.
///
/// Thread safety: confined to one thread.
class durable_lives {
 public:
  /// Makes the file if it is not there.
  /// Errors: throws `std::runtime_error` where the program is built without a
  /// store.
  explicit durable_lives(std::filesystem::path file);

  /// Runs a case; nothing if it does not end. What ran side by side may have
  /// been done again.
  [[nodiscard]] std::optional<observation> run(
      const recorded_case& from, const std::shared_ptr<trace>& seen);
  /// The systems that have been taken down so far.
  [[nodiscard]] std::size_t deaths() const noexcept { return deaths_; }

 private:
  std::filesystem::path file_;
  std::size_t deaths_ = 0;
};

}  // namespace troupe::replay
