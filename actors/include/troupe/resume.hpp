#pragma once

#include <troupe/run.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The decision of `system::resume_all` about one stored run.
struct resumed_run {
  enum class kind : std::uint8_t {
    /// It goes on, at once or as soon as there is room for it.
    resumed,
    /// This process does not have its flow. It is left alone.
    unknown_flow,
    /// Its flow has changed in a way in which it cannot go on.
    changed_flow,
    /// It took its process down too often, and is left alone until somebody
    /// resumes it by its id.
    quarantined,
    /// It cannot be read. It is left alone.
    unreadable,
  };

  std::string id{};
  std::string flow{};
  kind how = kind::resumed;
  /// The reason why it does not go on, and what to do; empty if it does.
  std::string why{};
  /// The run, if it goes on.
  std::optional<run> handle{};
};

/// The name of `how` as written in the source.
[[nodiscard]] std::string_view to_string(resumed_run::kind how) noexcept;

}  // namespace troupe
