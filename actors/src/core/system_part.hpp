#pragma once

namespace troupe::detail {

/// The part that a library on top of this one keeps with a system.
///
/// Thread safety: internally synchronised.
class system_part {
 public:
  virtual ~system_part() = default;

  /// The system ends: no run is left, and the part's actors are to end.
  virtual void close() noexcept = 0;
};

}  // namespace troupe::detail
