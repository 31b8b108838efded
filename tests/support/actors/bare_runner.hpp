#pragma once

#include <troupe/clock.hpp>
#include <troupe/error.hpp>
#include <troupe/flow.hpp>
#include <troupe/state.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::testing_support {

/// Options of a bare run; as in `run_options`.
struct bare_options {
  value params = value::object();
  std::uint64_t steps_max = 1'000'000;
  std::uint64_t seed = 0;
  /// Before each command the run is put into JSON and made of it again.
  bool is_put_away = false;
};

/// The end of a bare run; as `outcome`, with what the machine told.
struct bare_outcome {
  troupe::action action{};
  troupe::state state{};
  std::optional<error> failure{};
  /// Actions that no edge continued, sub-flows included.
  std::size_t missing_edges = 0;
  /// Steps begun, those of sub-flows included.
  std::uint64_t steps = 0;
  /// The virtual time that passed.
  duration took{};
};

/// Runs `work` with the machine alone: one thread, no actors, virtual time.
/// The sub-flows of a fan-out run to their end one after the other, in the
/// order of the items, whatever its concurrency; each sees the state that its
/// options say.
///
/// Errors: throws `std::logic_error` when a step waits for something that can
/// never come.
bare_outcome run_bare(const flow& work, state initial = {},
                      bare_options options = {});

}  // namespace troupe::testing_support
