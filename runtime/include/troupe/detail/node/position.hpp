#pragma once

#include "troupe/action.hpp"
#include "troupe/clock.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The place of a run, or of a sub-flow, between two commands of its machine.
/// It is made of names, so that it can be stored and still means something to
/// another process; `machine::where` gives it and a `machine` is made of it.
///
/// Thread safety: confined to one actor or task; copies are independent.
struct position {
  /// The work to do next.
  enum class stage : std::uint8_t {
    /// The step, from its beginning.
    begin,
    /// `exec` again, with what `prep` gave.
    retry,
    /// `fallback`, with `failure`.
    fall_back,
    /// Nothing for the time of `wait`, then `retry`.
    wait,
    fan_out,
    /// Nothing: it is over.
    over,
  };

  /// The names of the nodes that lead there, outermost first; empty for a flow
  /// that is itself a fan-out.
  std::vector<std::string> path{};
  stage at = stage::begin;
  /// Steps begun so far.
  std::uint64_t steps = 0;
  /// The attempt of the step, counted from 0.
  std::uint32_t attempt = 0;
  /// The number of times that the executor of the step has died.
  std::uint32_t deaths = 0;
  /// The whole wait; the one that waits knows when it began.
  duration wait{};
  /// The last action, of a run that ended well.
  troupe::action action{};
  /// The failure of the run; at `fall_back`, that of the last attempt, which
  /// the caller of the machine keeps.
  std::optional<error> failure{};
  bool was_cancelled = false;

  /// An object, for the store. Errors do not keep their `cause`.
  [[nodiscard]] json to_json() const;
  /// Reads what `to_json` gave. Errors: throws `errc::bad_value`.
  [[nodiscard]] static position from_json(const json& form);
};

/// The name of `at` as written in the source.
[[nodiscard]] std::string_view to_string(position::stage at) noexcept;

}  // namespace troupe
