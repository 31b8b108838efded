#pragma once

#include "troupe/action.hpp"
#include "troupe/delta.hpp"
#include "troupe/error.hpp"
#include "troupe/event.hpp"
#include "troupe/json.hpp"
#include "troupe/state.hpp"
#include "troupe/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace troupe::detail {

struct flow_graph;

/// The origin of work: what its `context` shows wherever it is done.
struct work_origin {
  std::string run_id;
  /// The node, with its flows outermost first; of a sub-flow nothing.
  std::string node_path;
  std::uint64_t step = 0;
  /// The results of its effects would have to be kept there.
  bool is_durable = false;
};

/// The receiver of the events of placed work.
///
/// Thread safety: internally synchronised.
class event_sink {
 public:
  virtual ~event_sink() = default;
  virtual void tell(event what) = 0;
  /// So many gave way on their way here.
  virtual void miss(std::size_t count) = 0;
};

/// Work for another process: an attempt of `exec`, or a sub-flow.
struct placed_work {
  /// The label of the workers that may do it, as the options say.
  std::string label;
  /// The flow that it is of.
  std::shared_ptr<const flow_graph> flow;
  /// The node within the flow, "inner/node"; empty for the whole flow.
  std::string node;
  work_origin origin;
  value params;
  std::uint64_t seed = 0;
  std::uint64_t steps_max = 1;
  event_detail events = event_detail::nothing;
  std::size_t events_max = 1;
  /// The run, unless nobody is told of events.
  std::shared_ptr<event_sink> sink = {};

  // -- of an attempt ---------------------------------------------------------

  /// The result of `prep`.
  json input;
  std::uint32_t attempt = 0;
  std::optional<std::size_t> item = {};

  // -- of a sub-flow ---------------------------------------------------------

  /// The maximum number of retries; nothing for no limit.
  std::optional<std::uint64_t> retries_max = {};

  // -- of either -------------------------------------------------------------

  /// The state that it may read: for an attempt the keys that the node names.
  /// Sub-flows of one batch have copies of one snapshot.
  std::shared_ptr<const state> readable;
};

/// The result of placed work.
struct placed_result {
  /// The reason why it failed, or nothing.
  std::optional<error> failure = {};
  /// It was told to stop, or its run was cancelled where it was done.
  bool was_cancelled = false;
  /// Of an attempt: what `exec` gave.
  json output = {};
  /// Of a sub-flow: its action, what its committed steps wrote, and how many
  /// retries it made.
  troupe::action action = {};
  delta wrote = {};
  std::uint64_t retries = 0;
};

}  // namespace troupe::detail
