#pragma once

#include "troupe/action.hpp"
#include "troupe/clock.hpp"
#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/detail/node/position.hpp"
#include "troupe/error.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// The life of a run, or of a sub-flow, as a pure state machine: which node is
/// next, which attempt, when to retry, to fall back, to stop. It takes events
/// and returns commands; it has no threads, no clock, and no user state.
///
/// After each call the caller carries out `command()` and reports the result by
/// the matching `on_...` function:
///
/// | command         | what to do               | then tell                  |
/// | --------------- | ------------------------ | -------------------------- |
/// | `begin_step`    | run the node of `node()` | `on_done`,                 |
/// |                 |                          | `on_exec_failed`,          |
/// |                 |                          | `on_failed`                |
/// | `retry_step`    | run `exec` again         | the same                   |
/// | `fall_back`     | run `fallback`           | `on_done`, `on_failed`     |
/// | `wait`          | wait for `wait()`        | `on_waited`                |
/// | `fan_out`       | run `fan_out()`          | `on_done`, `on_failed`     |
/// | `finish`        | nothing, it is over      | -                          |
///
/// `on_cancel` may come at any time; it ends the run.
///
/// Between two commands it can be put away: `where()` says where it stands, in
/// names, and a machine made of that goes on as this one would.
///
/// Thread safety: confined to one actor or task.
class machine {
 public:
  enum class command : std::uint8_t {
    begin_step,
    retry_step,
    fall_back,
    wait,
    fan_out,
    finish,
  };

  /// An action that no edge continues, at a node that has edges.
  struct missing_edge {
    std::string node;
    std::string text;
  };

  /// Refers to `root` as long as it lives.
  machine(const detail::flow_graph& root, std::uint64_t steps_max,
          std::uint64_t seed);
  /// One that stands at `from`, and refers to `root` likewise.
  /// Errors: throws `errc::bad_flow` if `root` has no such place.
  machine(const detail::flow_graph& root, std::uint64_t steps_max,
          std::uint64_t seed, const position& from);

  // -- what to do ------------------------------------------------------------

  [[nodiscard]] command next() const noexcept { return command_; }
  /// The node of the step. @pre the command is about a step
  [[nodiscard]] const detail::graph_node& node() const noexcept {
    assert(top_.at < top_.graph->nodes.size());
    return top_.graph->nodes[top_.at];
  }
  /// @pre the command is `fan_out`
  [[nodiscard]] const detail::fan_out_spec& fan_out() const noexcept {
    assert(command_ == command::fan_out);
    return *fan_out_;
  }
  /// Zero unless the command is `wait`.
  [[nodiscard]] duration wait() const noexcept {
    return command_ == command::wait ? extension_->wait : duration::zero();
  }

  // -- where it stands -------------------------------------------------------

  /// All of it in names. Missing edges not yet taken are left out.
  [[nodiscard]] position where() const;
  /// The attempt of the step, counted from 0.
  [[nodiscard]] std::uint32_t attempt() const noexcept { return attempt_; }
  /// Returns whether no further attempt would follow this one.
  [[nodiscard]] bool is_last_attempt() const noexcept {
    return attempt_ + 1 >= node().options.retry.attempts;
  }
  /// The current step, counted from 0.
  [[nodiscard]] std::uint64_t step() const noexcept { return steps_ - 1; }
  /// Steps begun so far.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  /// The node, with its flows outermost first: "outer/inner/node".
  [[nodiscard]] std::string path() const;
  /// The flow that it began with.
  [[nodiscard]] const detail::flow_graph& root() const noexcept {
    return extension_ && !extension_->outer.empty()
               ? *extension_->outer.front().graph
               : *top_.graph;
  }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// Returns the seed of the current step, which no other step has.
  [[nodiscard]] std::uint64_t step_seed() const noexcept;

  /// The last action. @pre the command is `finish` and there is no failure
  [[nodiscard]] troupe::action action() const {
    assert(is_over() && failure() == nullptr);
    return extension_ ? extension_->action : troupe::action{};
  }
  /// Returns the reason why it failed, or null.
  /// @pre the command is `finish`
  [[nodiscard]] std::shared_ptr<const error> failure() const;
  /// Returns whether `on_cancel` ended it.
  [[nodiscard]] bool was_cancelled() const noexcept {
    return extension_ && extension_->was_cancelled;
  }
  [[nodiscard]] bool is_over() const noexcept {
    return command_ == command::finish;
  }
  /// The missing edges met since the last call.
  [[nodiscard]] std::vector<missing_edge> take_missing_edges() {
    if (!extension_) return {};
    return std::exchange(extension_->missing_edges, {});
  }
  [[nodiscard]] bool met_missing_edge() const noexcept {
    return extension_ && !extension_->missing_edges.empty();
  }

  // -- what happened ---------------------------------------------------------

  /// The step, its fallback, or the fan-out ended well, with this action.
  void on_done(const troupe::action& chosen);
  /// An attempt of `exec` failed. It is retried only if `take_retry`, if there
  /// is one, returns true; it is called last, when nothing else forbids a
  /// retry.
  void on_exec_failed(error why, const std::function<bool()>& take_retry);
  void on_exec_failed(error why) { on_exec_failed(std::move(why), nullptr); }
  /// The step or the fan-out failed for good.
  void on_failed(error why);
  /// The wait is over.
  void on_waited();
  /// Ends the run now, with the reason `why`.
  void on_cancel(error why);
  /// Tells that the executor of the command died. The step begins again,
  /// without costing an attempt, up to `deaths_max` times.
  void on_died();

  /// Asserts that the parts agree. For tests, after each call.
  void check() const;

  /// The maximum number of times that a step is dispatched again after its
  /// executor died.
  static constexpr std::uint32_t deaths_max = 3;

 private:
  struct level {
    const detail::flow_graph* graph = nullptr;
    std::uint32_t at = 0;
  };

  /// The members that most runs never need, kept apart so that a waiting
  /// sub-flow is small.
  struct extension {
    /// The flows around the current one, outermost first.
    std::vector<level> outer;
    std::vector<missing_edge> missing_edges;
    std::shared_ptr<const error> failure;
    troupe::action action;
    duration wait{};
    bool was_cancelled = false;
  };

  [[nodiscard]] extension& extended();
  void enter(const std::vector<std::string>& path, bool is_over);
  void arrive(std::uint32_t index);
  void begin(command what);
  bool meets_step_limit();
  void leave(const troupe::action& chosen);
  void report_missing_edge(const troupe::action& chosen);
  void fail(error why);

  level top_;
  const detail::fan_out_spec* fan_out_ = nullptr;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_max_;
  std::uint64_t seed_;
  std::uint32_t attempt_ = 0;
  std::uint32_t deaths_ = 0;
  command command_ = command::finish;
  std::unique_ptr<extension> extension_;
};

}  // namespace troupe
