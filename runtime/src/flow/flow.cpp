#include "troupe/flow.hpp"

#include "troupe/detail/text/near_name.hpp"

#include <algorithm>
#include <set>

namespace troupe {

namespace {

using detail::flow_graph;
using detail::graph_node;
using detail::no_node;

using mistakes = std::vector<std::string>;

std::string in_quotes(std::string_view name) {
  return "'" + std::string{name} + "'";
}

void check_options(const graph_node& node, mistakes& found) {
  const auto say = [&](const std::string& what) {
    found.push_back("node " + in_quotes(node.name) + ": " + what);
  };
  for (const auto& what : mistakes_in(node.options)) say(what);
  if (!node.model) return;
  const bool blocks = node.options.threads == threads::blocking;
  if (!node.model->has_exec()) {
    if (node.options.retry.attempts > 1) {
      say("retry.attempts applies to exec, but this node has none");
    }
    if (blocks || node.options.timeout || has_line(node.options)) {
      say("threads, timeout, concurrency and limits apply to exec, but this "
          "node has none");
    }
  } else if (blocks && node.model->exec_is_task()) {
    say("a coroutine cannot run on a blocking thread; let it await blocking()");
  } else if (blocks && node.model->facts().gives_view) {
    say("exec returns a view, such as a std::string_view, but the copy of the "
        "input that a blocking call works on ends with the call: return a "
        "value");
  }
  if (node.options.on.empty()) {
    if (!node.options.reads.empty()) {
      say("reads applies to work on workers, but on is empty");
    }
    return;
  }
  const auto facts = node.model->facts();
  if (!facts.obstacle.empty()) {
    say("it cannot be placed on workers: " + std::string{facts.obstacle});
  } else if (facts.reads_state && node.options.reads.empty()) {
    say("it is placed on workers and its exec takes the state, but reads is "
        "empty: name the keys that exec reads");
  }
}

void check_actions(const graph_node& node, mistakes& found) {
  if (!node.model) return;
  const auto declared = node.model->declared_actions();
  if (declared.empty()) return;
  for (const auto& edge : node.edges) {
    if (std::find(declared.begin(), declared.end(), edge.on.name()) ==
        declared.end()) {
      found.push_back("node " + in_quotes(node.name) +
                      ": edge for the action " + in_quotes(edge.on.name()) +
                      ", which it does not declare");
      if (const auto near = detail::near_name(edge.on.name(), declared)) {
        found.back() += "; did you mean " + in_quotes(*near) + "?";
      }
    }
  }
}

void check_names(const flow_graph& draft, mistakes& found) {
  std::set<std::string_view> seen;
  for (const auto& node : draft.nodes) {
    if (node.name.empty()) {
      found.emplace_back("a node has no name");
    } else if (!seen.insert(node.name).second) {
      found.push_back("two nodes have the name " + in_quotes(node.name));
    }
  }
}

void check_reachable(const flow_graph& draft, mistakes& found) {
  std::vector<bool> reached(draft.nodes.size());
  std::vector<std::uint32_t> open{draft.start};
  while (!open.empty()) {
    const auto index = open.back();
    open.pop_back();
    if (reached[index]) continue;
    reached[index] = true;
    for (const auto& edge : draft.nodes[index].edges) {
      open.push_back(edge.target);
    }
  }
  for (std::size_t i = 0; i < reached.size(); ++i) {
    if (reached[i]) continue;
    found.push_back("node " + in_quotes(draft.nodes[i].name) +
                    ": no path leads to it from the start");
  }
}

}  // namespace

namespace detail {

flow_graph::~flow_graph() {
  // Each would else be destroyed within the one that holds it, and a deep nest
  // would use up the stack.
  using handle = std::shared_ptr<const flow_graph>;
  static thread_local std::vector<handle>* ending = nullptr;
  std::vector<handle> mine;
  auto& left = ending != nullptr ? *ending : mine;
  for (auto& node : nodes) {
    if (node.inner) left.push_back(std::move(node.inner));
  }
  if (fan_out) {
    for (auto& body : fan_out->bodies) left.push_back(std::move(body));
  }
  if (ending != nullptr) return;
  ending = &mine;
  while (!mine.empty()) {
    const auto last = std::move(mine.back());
    mine.pop_back();
  }
  ending = nullptr;
}

}  // namespace detail

node_ref node_ref::next(node_ref target, action on) const {
  auto& source = owner_->draft_->nodes[index_];
  if (target.owner_ != owner_) {
    owner_->mistakes_.push_back("node " + in_quotes(source.name) +
                                ": an edge leads to the node " +
                                in_quotes(target.name()) + " of another flow");
    return target;
  }
  for (const auto& edge : source.edges) {
    if (edge.on != on) continue;
    owner_->mistakes_.push_back("node " + in_quotes(source.name) +
                                ": two edges for the action " +
                                in_quotes(on.name()));
    return target;
  }
  const auto index = static_cast<std::uint32_t>(target.index_);
  if (on.is_default()) source.next = index;
  source.edges.push_back({std::move(on), index});
  return target;
}

const std::string& node_ref::name() const {
  return owner_->draft_->nodes[index_].name;
}

flow_builder::flow_builder(std::string name, flow_options options)
    : draft_(std::make_shared<flow_graph>()) {
  draft_->name = std::move(name);
  draft_->missing_edge_fails =
      options.on_missing_edge == flow_options::missing_edge::fails;
  draft_->version = std::move(options.version);
  draft_->recoveries_max = options.recoveries_max;
}

flow_builder::~flow_builder() = default;

node_ref flow_builder::add(std::string name, flow inner) {
  const auto added = add_model(std::move(name), nullptr, {});
  draft_->nodes.back().inner = inner.share();
  return added;
}

node_ref flow_builder::start(node_ref first) {
  if (first.owner_ != this) {
    mistakes_.push_back("the start " + in_quotes(first.name()) +
                        " is a node of another flow");
  } else {
    draft_->start = static_cast<std::uint32_t>(first.index_);
  }
  return first;
}

flow flow_builder::build() const {
  mistakes found = mistakes_;
  if (draft_->name.empty()) found.emplace_back("the flow has no name");
  if (draft_->nodes.empty()) {
    found.emplace_back("the flow has no nodes");
  } else {
    check_names(*draft_, found);
    check_reachable(*draft_, found);
  }
  for (const auto& node : draft_->nodes) {
    check_options(node, found);
    check_actions(node, found);
  }
  if (!found.empty()) {
    std::string text = "flow " + in_quotes(draft_->name) + ":";
    for (const auto& what : found) text += "\n  " + what;
    throw error{errc::bad_flow, std::move(text)};
  }
  // The builder may go on; what was built does not change any more.
  return flow{std::make_shared<const flow_graph>(*draft_)};
}

node_ref flow_builder::add_model(std::string name,
                                 std::shared_ptr<const detail::node_base> model,
                                 node_options options) {
  graph_node node;
  node.name = std::move(name);
  node.model = std::move(model);
  node.options = std::move(options);
  draft_->nodes.push_back(std::move(node));
  if (draft_->start == no_node) draft_->start = 0;
  return {*this, draft_->nodes.size() - 1};
}

}  // namespace troupe
