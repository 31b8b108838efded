#pragma once

#include "troupe/store/run_commands.hpp"
#include "troupe/store/run_store.hpp"

#include <troupe/error.hpp>
#include <troupe/state.hpp>
#include <troupe/value.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// The history of a run in a store, at work or ended.
// Errors: all throw `errc::missing_key` if there is no such run, or no such
// step (any more), and `errc::store_failed`.

/// A step of a run that was committed.
struct history_step {
  /// The number of its entry in the log of the run: they count on over all
  /// sub-flows, in the order in which steps were committed.
  std::uint64_t number = 0;
  /// The sub-flow; empty for the run itself.
  std::string address{};
  /// Counted from 0 within its address.
  std::uint64_t step = 0;
  /// The path of its node, "outer/inner/node"; empty where the log does not
  /// tell: for the first step of a flow, if its first attempt succeeded.
  std::string node{};
  std::string action{};
  std::int64_t at_ms = 0;
  /// Attempts that it took, the last one included.
  std::uint32_t attempts = 1;
  /// The number of places of the state that it wrote.
  std::size_t writes = 0;
  /// The size of its entry, without its large parts.
  std::size_t bytes = 0;
};

using step_visitor = std::function<bool(const history_step&)>;
/// Calls `visit` with the steps of a run and its sub-flows, in their order,
/// until it returns false. It costs one pass over the log.
void visit_history(store_reader& reader, const std::string& id,
                   const step_visitor& visit);
/// The steps, `limit` at most, whose entries come after the one numbered
/// `after`.
[[nodiscard]] std::vector<history_step> run_history(store_reader& reader,
                                                    const std::string& id,
                                                    std::uint64_t after,
                                                    std::size_t limit);

/// The state after a step of a run, or of the sub-flow at `address`; absent for
/// the state that the run began with.
[[nodiscard]] state state_at(store_reader& reader, const std::string& id,
                             std::string_view address,
                             std::optional<std::uint64_t> step);
/// The state after the last step of a run.
[[nodiscard]] state last_state(store_reader& reader, const std::string& id);

/// A place at which two states differ.
struct difference {
  /// A JSON pointer.
  std::string path{};
  /// Absent where there is nothing.
  std::optional<value> before{};
  std::optional<value> after{};
};

/// The places at which `before` and `after` differ, `limit` at most, in the
/// order of their paths. Arrays are compared element by element.
[[nodiscard]] std::vector<difference> differences(const value& before,
                                                  const value& after,
                                                  std::size_t limit);

/// A failure on the way from a run to the step that caused it.
struct failure_link {
  std::string run{};
  std::string address{};
  /// The number of the step within its address.
  std::uint64_t step = 0;
  error why{errc::cancelled, {}};
};

/// The reason why a run has ended as it did, or stands where it stands.
struct run_explanation {
  run_record run{};
  /// Outermost first; the last is that of the deepest step that failed, through
  /// sub-flows and the runs that nodes started. None unless it failed.
  std::vector<failure_link> chain{};
  /// The run and the place of that step, or of the one that is next.
  std::string at_run{};
  std::string address{};
  std::uint64_t step = 0;
  std::string node{};
  /// Attempts of that step that failed and are kept.
  std::uint32_t attempts = 0;
  /// The end of its wait, in milliseconds since 1970; 0 if it waits for none.
  std::int64_t due_ms = 0;
  /// Effects that began and whose end is not known.
  std::vector<open_effect> effects{};
  /// The last step committed before, and what it changed in the state.
  std::optional<history_step> last{};
  std::vector<difference> last_change{};
};

[[nodiscard]] run_explanation explain_run(store_reader& reader,
                                          const std::string& id);

}  // namespace troupe
