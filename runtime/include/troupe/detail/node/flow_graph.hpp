#pragma once

#include "troupe/action.hpp"
#include "troupe/detail/node/node_base.hpp"
#include "troupe/merge.hpp"
#include "troupe/node_options.hpp"
#include "troupe/window.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// The end of one sub-flow of a fan-out, as `post` sees it.
struct branch_outcome {
  enum class kind : std::uint8_t { finished, failed, cancelled };
  kind how = kind::cancelled;
  /// The sub-flow's last action, if it finished.
  troupe::action action{};
  /// The reason why it failed, if it failed.
  std::optional<error> failure{};
};

namespace detail {

struct flow_graph;

inline constexpr std::uint32_t no_node =
    std::numeric_limits<std::uint32_t>::max();

/// One node of a graph: a model of its own, or a flow in its place.
struct graph_node {
  struct edge {
    action on;
    std::uint32_t target = no_node;
  };

  std::string name;
  std::shared_ptr<const node_base> model;
  std::shared_ptr<const flow_graph> inner;
  node_options options;
  std::vector<edge> edges;
  /// The target of the default edge, which most steps take.
  std::uint32_t next = no_node;
};

/// Gives the params of the sub-flows one by one, nothing after the last.
/// Errors: `errc::bad_items` for one that is not an object.
using item_source = std::function<std::optional<value>()>;

/// Those of `list`, and then those of `rest`, if it is not empty.
[[nodiscard]] item_source source_of_values(std::vector<value> list,
                                           item_source rest);

/// A flow that is a fan-out: one body per item, or several bodies once each.
struct fan_out_spec {
  std::vector<std::shared_ptr<const flow_graph>> bodies;
  /// Starts to give the items, for a batch; absent for a fork.
  std::function<item_source(const state&, context&)> items;
  /// All items are there when the first begins.
  bool items_are_listed = false;
  std::size_t concurrency = 1;
  bool is_sequence = true;
  failure_policy on_failure = fail_fast;
  troupe::on_conflict on_conflict = troupe::on_conflict::error;
  /// Top-level keys that a sub-flow keeps to itself.
  std::vector<std::string> local;
  /// Which workers run the sub-flows; empty for none.
  std::string on;
  std::function<action(state&, const std::vector<branch_outcome>&, context&)>
      post;

  /// Each sub-flow sees what the ones before it wrote.
  [[nodiscard]] bool in_sequence() const noexcept {
    return items && is_sequence;
  }
};

/// The content of a `flow`: a graph, or a fan-out.
struct flow_graph : std::enable_shared_from_this<flow_graph> {
  flow_graph() = default;
  flow_graph(const flow_graph&) = default;
  flow_graph& operator=(const flow_graph&) = delete;
  /// Flows within flows end one by one, however deep they nest.
  ~flow_graph();

  std::string name;
  std::vector<graph_node> nodes;
  std::uint32_t start = no_node;
  bool missing_edge_fails = false;
  std::string version;
  std::optional<std::uint32_t> recoveries_max;
  std::optional<fan_out_spec> fan_out;
};

}  // namespace detail
}  // namespace troupe
