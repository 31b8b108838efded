#pragma once

#include "troupe/clock.hpp"
#include "troupe/value.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// The kind of an event.
enum class event_kind : std::uint8_t {
  /// A run or a sub-flow began.
  started,
  /// A step ended; `text` is its action.
  step,
  /// An attempt of `exec` begins.
  attempt,
  /// An attempt failed and another follows after `wait`; `text` says why.
  retry,
  /// All attempts failed and the fallback takes over; `text` says why.
  fallback,
  /// Something a person should look at, which does not end the run.
  warning,
  /// An event that a node gave to `context::emit`, in `data`.
  custom,
  /// A run or a sub-flow ended; `text` is its action or its error.
  finished,
};

/// The name of `kind` as written in the source.
[[nodiscard]] std::string_view to_string(event_kind kind) noexcept;
std::ostream& operator<<(std::ostream& out, event_kind kind);

/// Something that happened in a run, as its event stream shows it.
struct event {
  event_kind kind{};
  /// The time of the event, by the system's clock.
  time_point at{};
  /// The date, by the clock of the process where it happened; those of several
  /// machines may differ.
  wall_time wall{};
  /// The run's id. That of a sub-flow has the step that began it, and its
  /// position there: "run-1/4/7".
  std::string run{};
  /// The node, with its flows outermost first; empty if there is none.
  std::string node{};
  /// The step, counted from 0 within its run or sub-flow.
  std::uint64_t step = 0;
  /// The attempt, counted from 0 within its step.
  std::uint32_t attempt = 0;
  /// The item of a batch node.
  std::optional<std::size_t> item{};
  std::string text{};
  duration wait{};
  value data{};
  /// True if this is the last event of the stream.
  bool is_final = false;

  /// Writes kind, run, node, item, attempt and text in one line.
  friend std::ostream& operator<<(std::ostream& out, const event& from);
};

/// The part of a run that its event stream shows.
enum class event_detail : std::uint8_t {
  /// Nothing but the final event.
  nothing,
  /// Start, warnings, custom events and the end: free for a step.
  notable,
  /// Also every step, attempt, retry and fallback.
  steps,
};

/// The least detail at which a stream shows `what`.
[[nodiscard]] event_detail detail_of(const event& what) noexcept;

}  // namespace troupe
