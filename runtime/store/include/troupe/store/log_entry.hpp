#pragma once

#include "troupe/store/run_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// One line of the log of a run.
///
/// The address says which sub-flow it is about. It is empty for the run
/// itself, "3.17" for the sub-flow of item 17 of the fan-out at step 3, and
/// "3.17/0.2" for one within that. Steps count from 0 within their address.
///
/// | kind           | index | name   | body                                   |
/// | -------------- | ----- | ------ | -------------------------------------- |
/// | `step`         | -     | -      | `step_form`: a step was committed      |
/// | `attempt`      | -     | -      | `attempt_form`: an attempt failed      |
/// | `snapshot`     | -     | -      | `snapshot_form`: all up to this step   |
/// | `item_taken`   | item  | -, all | the params of the item                 |
/// | `item_ended`   | item  | -      | `branch_form`: its sub-flow has ended  |
/// | `result`       | item  | -      | the result of an item of a batch node  |
/// | `effect_begun` | item  | effect | nothing: null                          |
/// | `effect_ended` | item  | effect | `effect_form`: its result, or failure  |
/// | `event`        | -     | -      | an event of the run                    |
///
/// The store does not look into bodies.
struct log_entry {
  enum class kind : std::uint8_t {
    step = 1,
    attempt,
    snapshot,
    item_taken,
    item_ended,
    result,
    effect_begun,
    effect_ended,
    event,
  };

  kind what = kind::step;
  std::string address{};
  std::uint64_t step = 0;
  /// An effect outside of a batch node has no item: `no_index`.
  std::uint64_t index = no_index;
  std::string name{};
  stored_text body{};

  static constexpr std::uint64_t no_index = (std::uint64_t{1} << 62);
  /// The name of an `item_taken` after which no more items come.
  static constexpr std::string_view last_item = "all";
};

/// The name of `what` as written in the source.
[[nodiscard]] std::string_view to_string(log_entry::kind what) noexcept;
/// The kind of that number in a store, or nothing.
[[nodiscard]] std::optional<log_entry::kind> log_entry_kind(
    std::int64_t number) noexcept;

/// An entry as the store gives it back. Its parts are read one by one, where
/// they are needed.
struct stored_entry {
  /// Its number within its run, from 1, without gaps between those of one
  /// commit. It never changes, and no other entry of the run gets it.
  std::uint64_t number = 0;
  std::int64_t at_ms = 0;
  log_entry entry{};
};

}  // namespace troupe
