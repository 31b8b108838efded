#pragma once

#include <troupe/detail/node/position.hpp>
#include <troupe/state.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace troupe {

/// The place and the state of a run, which a migration changes.
struct migrated {
  position at{};
  state document{};
};

/// The way of runs in flight from one version of their flow to another:
/// `flow_options::version`.
///
/// The function gets the place where the run stands and its state, and returns
/// those from which the flow as it is now goes on. A run that has not begun has
/// an empty path. The number of steps stays. A run that moves to another node
/// begins that step anew; effects that the step at work has journalled stay
/// journalled.
///
/// Thread safety: immutable; `move` may be called on any thread.
struct migration {
  /// The decision about a run whose step has items with outcomes or at work: in
  /// a fan-out, or a batch node.
  enum class items : std::uint8_t {
    /// It is an error.
    refused,
    /// They are forgotten; the step begins anew, with all of its items.
    begun_again,
  };

  std::string from{};
  std::string to{};
  std::function<migrated(position at, state document)> move{};
  items at_work = items::refused;
};

namespace detail {

class flow_shape;
struct resume_point;

/// Returns `at` as the flow of the shape `now` and the version `to` goes on
/// from it: by the migrations that lead there from `version`, one after the
/// other. Without any that leads there, it stays as it is.
///
/// Errors: throws a permanent `errc::bad_flow` that names the run and the
/// migration: for one that throws, that gives a place which the flow does not
/// have, or that meets items and refuses them.
[[nodiscard]] resume_point migrate(const std::string& run,
                                   const std::string& version, resume_point at,
                                   const std::vector<migration>& known,
                                   const flow_shape& now,
                                   const std::string& to);

}  // namespace detail
}  // namespace troupe
