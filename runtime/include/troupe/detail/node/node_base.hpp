#pragma once

#include "troupe/action.hpp"
#include "troupe/context.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/node_options.hpp"
#include "troupe/state.hpp"
#include "troupe/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::detail {

/// The values that a node keeps between attempts and across suspensions.
class kept_values {
 public:
  virtual ~kept_values() = default;
  /// The result of `prep`, for the store; nothing while there is none, or if it
  /// has no JSON form.
  [[nodiscard]] virtual std::optional<json> prepared_form() const = 0;
};

/// The state of a step when its node returns to the caller.
enum class step_status : std::uint8_t {
  /// `post` has returned; its writes wait in the step to be committed.
  done,
  /// A task of the step waits; `told` will hear of its end.
  suspended,
  /// `exec` threw: the step may be tried again.
  exec_failed,
  /// `prep`, `post` or `fallback` threw: the step is over.
  failed,
};

/// One step at work. Owned by the actor that runs it; `kept` holds the
/// coroutine, so dropping `kept` cancels whatever the step waits for. A step
/// only reads the state of the run: what `post` wrote is in `written` until
/// the owner commits it.
struct frame {
  frame(const state& document, step_services& steps)
      : shared(document), context(steps, 0) {}

  /// Gives `post` a copy of the state to write to.
  state& begin_writing() {
    written.emplace(shared);
    if (records) written->record();
    return *written;
  }

  const state& shared;
  troupe::context context;
  /// The host of its coroutines while it waits.
  fiber_owner* fibers = nullptr;
  /// The object that is told of the end of a task that the step waits for.
  completion* told = nullptr;
  const node_options* options = nullptr;
  /// No further attempt follows this one.
  bool last_attempt = true;
  /// The owner wants to know what `post` wrote, as a delta.
  bool records = false;
  /// The state as `post` left it; absent if there was nothing to run.
  std::optional<state> written;
  // After what its coroutines refer to: they go first.
  std::unique_ptr<kept_values> kept;
  troupe::action action;
  /// The reason why the last phase failed, or null.
  std::unique_ptr<error> failure;
};

/// The facts that other processes have to know of an `exec`.
struct exec_facts {
  /// The reason why other processes cannot make its attempts; empty if they
  /// can.
  std::string_view obstacle;
  /// True if it reads the shared state.
  bool reads_state = false;
  /// The types of its input and output, so that two processes can compare them.
  std::string signature;
  /// True if its result may refer to its input, and is of no use without it.
  bool gives_view = false;
};

/// A node with its types erased. Shared by all runs and never changed.
///
/// Thread safety: immutable.
class node_base {
 public:
  virtual ~node_base() = default;

  /// Runs `prep`, the first attempt of `exec`, and `post`.
  virtual step_status begin(frame& step) const = 0;
  /// Runs `exec` again, with what `prep` gave, and `post`.
  virtual step_status retry(frame& step) const = 0;
  /// Runs `fallback` with the last error, and `post`.
  virtual step_status fall_back(frame& step) const = 0;
  /// Goes on after a suspended task of the step has ended.
  virtual step_status resume(frame& step) const = 0;
  /// Gives a step of another process what `prep` gave there, for `retry` and
  /// `fall_back`.
  /// Errors: throws `errc::wrong_type`, or `errc::bad_flow` for a type that
  /// cannot be read from JSON.
  virtual void restore(frame& step, const json& prepared) const = 0;

  [[nodiscard]] virtual bool has_exec() const noexcept = 0;
  [[nodiscard]] virtual bool has_fallback() const noexcept = 0;
  /// `exec` is a coroutine.
  [[nodiscard]] virtual bool exec_is_task() const noexcept = 0;
  /// Retries are made within the node, item by item.
  [[nodiscard]] virtual bool retries_itself() const noexcept = 0;
  /// Makes an attempt that another process asks for, from JSON to JSON. What
  /// is given by reference lives as long as the task.
  /// Errors: throws `errc::bad_flow` where `facts()` names an obstacle.
  [[nodiscard]] virtual task<json> serve(json input, const state& readable,
                                         context& ctx,
                                         const node_options& options) const = 0;
  [[nodiscard]] virtual exec_facts facts() const = 0;
  /// The actions it says it returns; empty if it does not say.
  [[nodiscard]] virtual std::span<const std::string_view> declared_actions()
      const noexcept = 0;
};

}  // namespace troupe::detail
