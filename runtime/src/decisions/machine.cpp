#include "troupe/machine.hpp"

#include "troupe/detail/text/near_name.hpp"
#include "troupe/detail/value/mixed.hpp"
#include "troupe/retry.hpp"

#include <algorithm>
#include <cassert>

namespace troupe {

using detail::flow_graph;
using detail::graph_node;
using detail::no_node;

namespace {

// One may always be added to an attempt.
constexpr std::uint32_t last_attempt_max = ~std::uint32_t{0} - 1;

[[noreturn]] void refuse_place(const std::string& name,
                               const std::string& why) {
  throw error{errc::bad_flow, "a run cannot go on at '" + name + "': " + why};
}

machine::command command_at(position::stage at) noexcept {
  switch (at) {
    case position::stage::begin:
      return machine::command::begin_step;
    case position::stage::retry:
      return machine::command::retry_step;
    case position::stage::fall_back:
      return machine::command::fall_back;
    case position::stage::wait:
      return machine::command::wait;
    case position::stage::fan_out:
      return machine::command::fan_out;
    case position::stage::over:
      break;
  }
  return machine::command::finish;
}

position::stage stage_of(machine::command what) noexcept {
  switch (what) {
    case machine::command::begin_step:
      return position::stage::begin;
    case machine::command::retry_step:
      return position::stage::retry;
    case machine::command::fall_back:
      return position::stage::fall_back;
    case machine::command::wait:
      return position::stage::wait;
    case machine::command::fan_out:
      return position::stage::fan_out;
    case machine::command::finish:
      break;
  }
  return position::stage::over;
}

}  // namespace

machine::machine(const flow_graph& root, std::uint64_t steps_max,
                 std::uint64_t seed)
    : steps_max_(steps_max), seed_(seed) {
  top_.graph = &root;
  if (!root.fan_out) {
    arrive(root.start);
  } else if (!meets_step_limit()) {
    begin(command::fan_out);
  }
}

machine::machine(const flow_graph& root, std::uint64_t steps_max,
                 std::uint64_t seed, const position& from)
    : steps_(from.steps),
      steps_max_(steps_max),
      seed_(seed),
      attempt_(std::min(from.attempt, last_attempt_max)),
      deaths_(from.deaths),
      command_(command_at(from.at)) {
  top_.graph = &root;
  enter(from.path, is_over());
  if (is_over()) {
    if (!from.action.is_default()) extended().action = from.action;
    if (from.failure) {
      extended().failure = std::make_shared<const error>(*from.failure);
    }
    if (from.was_cancelled) extended().was_cancelled = true;
    return;
  }
  if (steps_ == 0) refuse_place(path(), "no step has begun");
  const bool is_fan_out = top_.graph->fan_out.has_value();
  if (is_fan_out != (command_ == command::fan_out)) {
    refuse_place(path(), is_fan_out ? "it is a fan-out" : "it is no fan-out");
  }
  if (is_fan_out) {
    fan_out_ = &*top_.graph->fan_out;
    return;
  }
  const auto& model = *node().model;
  if (command_ == command::fall_back && !model.has_fallback()) {
    refuse_place(path(), "it has no fallback");
  }
  if ((command_ == command::retry_step || command_ == command::wait) &&
      !model.has_exec()) {
    refuse_place(path(), "it has no exec");
  }
  if (command_ == command::wait) extended().wait = from.wait;
}

position machine::where() const {
  position made;
  if (extension_) {
    for (const auto& each : extension_->outer) {
      made.path.push_back(each.graph->nodes[each.at].name);
    }
  }
  if (!top_.graph->nodes.empty()) made.path.push_back(node().name);
  made.at = stage_of(command_);
  made.steps = steps_;
  made.attempt = attempt_;
  made.deaths = deaths_;
  made.wait = wait();
  if (is_over() && extension_) {
    made.action = extension_->action;
    if (extension_->failure) made.failure = *extension_->failure;
    made.was_cancelled = extension_->was_cancelled;
  }
  return made;
}

// Goes to the node that the names lead to, and into it if it is a fan-out. One
// that is over may have ended at any node, of which no more than the name is
// ever asked.
void machine::enter(const std::vector<std::string>& path, bool is_over) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto& nodes = top_.graph->nodes;
    const auto found =
        std::find_if(nodes.begin(), nodes.end(),
                     [&](const auto& each) { return each.name == path[i]; });
    if (found == nodes.end()) {
      refuse_place(path[i], "the flow '" + top_.graph->name +
                                "' has no node of that name");
    }
    top_.at = static_cast<std::uint32_t>(found - nodes.begin());
    const bool is_last = i + 1 == path.size();
    if (is_last && (is_over || !found->inner)) return;
    if (!found->inner) refuse_place(path[i], "it is not a flow");
    extended().outer.push_back(top_);
    top_ = {found->inner.get(), 0};
  }
  if (!top_.graph->fan_out) {
    refuse_place(top_.graph->name, "it is a flow, and no node of it is named");
  }
}

std::string machine::path() const {
  std::string text;
  if (extension_) {
    for (const auto& each : extension_->outer) {
      text += each.graph->nodes[each.at].name + "/";
    }
  }
  if (!top_.graph->nodes.empty()) return text + node().name;
  // A fan-out is named after the node it stands for.
  if (text.empty()) return top_.graph->name;
  text.pop_back();
  return text;
}

void machine::on_done(const troupe::action& chosen) {
  assert(!is_over());
  if (!top_.graph->nodes.empty() && chosen.is_default() &&
      node().next != no_node) {
    arrive(node().next);
    return;
  }
  leave(chosen);
}

void machine::on_exec_failed(error why,
                             const std::function<bool()>& take_retry) {
  assert(!is_over());
  const graph_node& failed = node();
  why.at_attempt(attempt_);
  const bool retries_itself = failed.model->retries_itself();
  const auto decision =
      retries_itself
          ? retry_decision{}
          : decide_retry(failed.options.retry, attempt_, why, step_seed());
  if (decision.broken) {
    fail(error{*decision.broken}.at_attempt(attempt_));
    return;
  }
  if (decision.again && (!take_retry || take_retry())) {
    if (decision.wait > duration::zero()) {
      extended().wait = decision.wait;
      command_ = command::wait;
      return;
    }
    ++attempt_;
    command_ = command::retry_step;
    return;
  }
  if (failed.model->has_fallback() && !retries_itself) {
    command_ = command::fall_back;
    return;
  }
  fail(std::move(why));
}

void machine::on_failed(error why) {
  assert(!is_over());
  if (command_ == command::fall_back) why.at_attempt(attempt_);
  fail(std::move(why));
}

void machine::on_waited() {
  assert(command_ == command::wait);
  ++attempt_;
  command_ = command::retry_step;
}

void machine::on_cancel(error why) {
  if (is_over()) return;
  auto reason = std::make_shared<const error>(std::move(why));
  extended().was_cancelled = true;
  extended().failure = std::move(reason);
  command_ = command::finish;
}

// Of a million cancelled sub-flows nobody asks, so the place of the end is put
// to the reason here.
std::shared_ptr<const error> machine::failure() const {
  assert(is_over());
  if (!was_cancelled()) return extension_ ? extension_->failure : nullptr;
  error placed = *extension_->failure;
  return std::make_shared<const error>(std::move(placed.at_node(path())));
}

void machine::on_died() {
  assert(!is_over());
  if (++deaths_ > deaths_max) {
    fail(error{errc::actor_died,
               "its actor died " + std::to_string(deaths_) + " times"});
    return;
  }
  if (command_ != command::fan_out) command_ = command::begin_step;
}

// Arrives at a node of the current level, and from there at the first thing to
// do: the start of the flow that stands there, and so on. A loop, because flows
// nest as deep as memory allows.
void machine::arrive(std::uint32_t index) {
  for (;;) {
    if (meets_step_limit()) return;
    top_.at = index;
    const auto& inner = node().inner;
    if (!inner) break;
    extended().outer.push_back(top_);
    top_ = {inner.get(), 0};
    if (inner->fan_out) {
      begin(command::fan_out);
      return;
    }
    index = inner->start;
  }
  begin(command::begin_step);
}

bool machine::meets_step_limit() {
  if (steps_ < steps_max_) return false;
  fail(error{errc::step_limit,
             "reached the limit of " + std::to_string(steps_max_) +
                 " steps; raise steps_max if the loop is meant to go on"});
  return true;
}

void machine::begin(command what) {
  ++steps_;
  attempt_ = 0;
  deaths_ = 0;
  command_ = what;
  if (what == command::fan_out) fan_out_ = &*top_.graph->fan_out;
}

std::uint64_t machine::step_seed() const noexcept {
  return detail::mixed(seed_, steps_);
}

// The current level ends with an action: follow its edge, or hand it to the
// level outside, until an edge is found or the outermost one ends.
void machine::leave(const troupe::action& chosen) {
  bool at_fan_out = top_.graph->nodes.empty();
  for (;;) {
    if (!at_fan_out) {
      const graph_node& done = node();
      const auto edge =
          std::find_if(done.edges.begin(), done.edges.end(),
                       [&](const auto& each) { return each.on == chosen; });
      if (edge != done.edges.end()) {
        arrive(edge->target);
        return;
      }
      if (!done.edges.empty()) {
        report_missing_edge(chosen);
        if (is_over()) return;
      }
    }
    if (!extension_ || extension_->outer.empty()) {
      if (!chosen.is_default()) extended().action = chosen;
      command_ = command::finish;
      return;
    }
    top_ = extension_->outer.back();
    extension_->outer.pop_back();
    at_fan_out = false;
  }
}

void machine::report_missing_edge(const troupe::action& chosen) {
  const graph_node& done = node();
  std::string text = "the action '" + std::string{chosen.name()} +
                     "' has no edge; there are edges for";
  std::vector<std::string_view> names;
  for (const auto& edge : done.edges) {
    text += " '" + std::string{edge.on.name()} + "'";
    names.push_back(edge.on.name());
  }
  if (const auto near = detail::near_name(chosen.name(), names)) {
    text += "; did you mean '" + std::string{*near} + "'?";
  }
  if (top_.graph->missing_edge_fails) {
    fail(error{errc::missing_edge, std::move(text)});
    return;
  }
  extended().missing_edges.push_back({path(), std::move(text)});
}

void machine::fail(error why) {
  why.at_node(path());
  extended().failure = std::make_shared<const error>(std::move(why));
  command_ = command::finish;
}

void machine::check() const {
  assert(top_.graph != nullptr && steps_ <= steps_max_);
  assert(deaths_ <= deaths_max || is_over());
  if (extension_) {
    const auto& outer = extension_->outer;
    for (std::size_t i = 0; i < outer.size(); ++i) {
      [[maybe_unused]] const auto* below =
          i + 1 < outer.size() ? outer[i + 1].graph : top_.graph;
      assert(outer[i].graph->nodes[outer[i].at].inner.get() == below);
    }
    assert(!extension_->was_cancelled || (is_over() && extension_->failure));
    assert(is_over() || !extension_->failure);
  }
  if (is_over()) return;
  assert(steps_ > 0);
  if (command_ == command::fan_out) {
    assert(fan_out_ == &*top_.graph->fan_out && attempt_ == 0);
    return;
  }
  assert(node().model != nullptr && !node().inner);
  assert(attempt_ < std::max(node().options.retry.attempts, 1U));
  assert(command_ != command::wait ||
         (extension_ && attempt_ + 1 < node().options.retry.attempts));
  assert(command_ != command::begin_step || attempt_ == 0 || deaths_ > 0);
}

machine::extension& machine::extended() {
  if (!extension_) extension_ = std::make_unique<extension>();
  return *extension_;
}

}  // namespace troupe
