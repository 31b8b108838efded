#pragma once

#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::replay {

/// A node, a batch node, a flow or a batch flow of a recorded case.
struct element {
  enum class kind : std::uint8_t { node, batch_node, flow, batch_flow };
  /// The source of the input of `prep`.
  enum class source : std::uint8_t { read, constant, param, items };
  /// The work of `exec` on its input.
  enum class arithmetic : std::uint8_t { add, sub, mul };
  /// The way in which `post` writes the result.
  enum class writing : std::uint8_t { set, add, append_log, put };

  std::string id;
  kind what = kind::node;

  // -- nodes and batch nodes -------------------------------------------------

  bool is_async = false;
  /// All items at once, or all sub-flows.
  bool is_parallel = false;
  std::uint32_t attempts = 1;
  source from = source::constant;
  std::string from_name;
  std::int64_t constant = 0;
  std::vector<std::int64_t> items;
  arithmetic op = arithmetic::add;
  std::int64_t by = 0;
  std::uint32_t fail_first = 0;
  bool fail_always = false;
  std::optional<std::int64_t> fallback_gives;
  writing write = writing::set;
  std::string key;
  std::string put_at;
  std::vector<std::string> actions;

  // -- flows and batch flows -------------------------------------------------

  std::string start;
  std::vector<json> item_params;
};

/// The observations of a run, or the recorded ones. What is null is not
/// compared.
struct observation {
  bool ok = false;
  std::string error;
  /// "default" for all ways to write it, and after a failure.
  std::string action;
  std::optional<json> shared;
  /// A list of [id, phase] and [id, phase, attempt].
  std::optional<std::vector<json>> trace;
  /// The trace is in no order: parts of it come from several processes.
  bool is_unordered = false;
  /// Entries of the trace may come again: their process died meanwhile.
  bool may_repeat = false;
  /// A step that was begun and not committed may have warned as well.
  bool may_warn_again = false;
  std::optional<std::size_t> missing_edges;
};

/// One scripted flow and what the original did on it.
struct recorded_case {
  /// The targets of one element by action, in the order of the first edges.
  using edges = std::vector<std::pair<std::string, std::string>>;

  std::string name;
  json shared;
  json params;
  std::string root;
  std::uint64_t step_budget = 0;
  std::map<std::string, element> elements;
  std::map<std::string, edges> successors;
  std::size_t overwritten_edges = 0;
  std::size_t overwritten_edges_expected = 0;
  /// True if sub-flows interleave, so that the trace has no order.
  bool is_unordered = false;
  observation expected;
};

/// Numbers are kept within this amount, with 2 * wrap_limit added or taken.
inline constexpr std::int64_t wrap_limit = 1'000'003;
[[nodiscard]] std::int64_t wrapped(std::int64_t number) noexcept;

/// The cases of a file.
/// Errors: throws `std::runtime_error` that names the file.
[[nodiscard]] std::vector<recorded_case> read_cases(const std::string& file);

}  // namespace troupe::replay
