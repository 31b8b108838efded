#pragma once

#include "troupe/detail/node/added_node.hpp"
#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/node.hpp"
#include "troupe/node_options.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class flow_builder;

/// An immutable, checked graph of nodes. It is run by itself, is a node of
/// another flow, or is run once per item by a `batch`. A flow that is a node
/// returns its last action.
///
/// A handle: copies refer to the same flow.
///
/// Thread safety: immutable.
class flow {
 public:
  explicit flow(std::shared_ptr<const detail::flow_graph> model) noexcept
      : model_(std::move(model)) {}

  [[nodiscard]] const std::string& name() const& noexcept {
    return model_->name;
  }
  [[nodiscard]] std::string name() const&& { return model_->name; }
  [[nodiscard]] const detail::flow_graph& model() const noexcept {
    return *model_;
  }
  [[nodiscard]] const std::shared_ptr<const detail::flow_graph>& share()
      const noexcept {
    return model_;
  }

 private:
  std::shared_ptr<const detail::flow_graph> model_;
};

/// A node in a flow that is being built, for wiring:
///
///     load >> summarize;                         // the default edge
///     summarize - "too_long" >> split >> summarize;
///
/// Refers to its builder, which must be alive.
class node_ref {
 public:
  /// Makes `target` follow this node on the action `on`. Returns `target`, for
  /// chains.
  node_ref next(node_ref target, action on) const;
  node_ref next(node_ref target) const { return next(target, action{}); }

  [[nodiscard]] const std::string& name() const;

 private:
  friend class flow_builder;
  node_ref(flow_builder& owner, std::size_t index) noexcept
      : owner_(&owner), index_(index) {}

  flow_builder* owner_;
  std::size_t index_;
};

/// An edge with a name that lacks its target: `node - "action"`.
struct open_edge {
  node_ref source;
  action on;
};

inline node_ref operator>>(node_ref source, node_ref target) {
  return source.next(target);
}
[[nodiscard]] inline open_edge operator-(node_ref source, action on) {
  return {source, std::move(on)};
}
inline node_ref operator>>(open_edge edge, node_ref target) {
  return edge.source.next(target, std::move(edge.on));
}

/// Options of a flow as a whole.
struct flow_options {
  /// The effect of an action that no edge continues, at a node that has edges.
  enum class missing_edge : std::uint8_t {
    /// It ends the flow and emits a warning event.
    warns,
    /// It fails the run with `errc::missing_edge`.
    fails,
  };
  missing_edge on_missing_edge = missing_edge::warns;
  /// The version of the flow, for people and for `migration`; stored runs keep
  /// the one that they began with.
  std::string version = {};
  /// As `system_options::recoveries_max`, for runs of this flow.
  std::optional<std::uint32_t> recoveries_max = {};
};

/// A builder of a flow. `build` checks all names at once.
///
/// Thread safety: confined to one thread.
class flow_builder {
 public:
  explicit flow_builder(std::string name)
      : flow_builder(std::move(name), flow_options{}) {}
  flow_builder(std::string name, flow_options options);
  flow_builder(const flow_builder&) = delete;
  flow_builder& operator=(const flow_builder&) = delete;
  ~flow_builder();

  /// Adds a node; the first one added is the start. See `node_type` for what a
  /// node is; what is none does not compile, and the compiler says why.
  node_ref add(std::string name, detail::added_node node,
               node_options options) {
    return add_model(std::move(name), node.model(), std::move(options));
  }
  node_ref add(std::string name, detail::added_node node) {
    return add(std::move(name), std::move(node), node_options{});
  }
  /// Adds a flow as a node; its last action is the action of the node.
  node_ref add(std::string name, flow inner);
  template <std::convertible_to<flow> Flow>
  node_ref add(std::string name, Flow inner, node_options) {
    static_assert(!std::convertible_to<Flow, flow>,
                  "a flow takes no node options: leave them out here, and give "
                  "them to the nodes of the flow");
    return add(std::move(name), flow{std::move(inner)});
  }

  /// Makes `first` the start.
  node_ref start(node_ref first);

  /// Checks the graph and makes the flow. All mistakes are reported, each with
  /// its node: invalid options, no nodes, unreachable nodes, duplicate or empty
  /// names, two edges for one action, edges for actions that the node does not
  /// declare, nodes of another builder.
  /// Errors: throws `errc::bad_flow` with all mistakes, one a line.
  [[nodiscard]] flow build() const;

 private:
  friend class node_ref;

  node_ref add_model(std::string name,
                     std::shared_ptr<const detail::node_base> model,
                     node_options options);

  std::shared_ptr<detail::flow_graph> draft_;
  std::vector<std::string> mistakes_;
};

}  // namespace troupe
