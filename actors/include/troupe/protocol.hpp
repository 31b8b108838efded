#pragma once

#include <troupe/action.hpp>
#include <troupe/delta.hpp>
#include <troupe/detail/caf_version.hpp>
#include <troupe/error.hpp>
#include <troupe/run.hpp>
#include <troupe/state.hpp>
#include <troupe/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace troupe {

/// The request of a flow to the CAF actor that stands for a node: one attempt
/// of a step. See `actor_node`.
///
/// Ownership: the actor may keep it as long as it likes; a snapshot costs the
/// same at any size and does not change.
/// Thread safety: confined to one actor or task. Copies are independent.
struct step_request {
  /// The id of the run, or of the sub-flow.
  std::string run{};
  /// The node's name, with its flows outermost first: "outer/inner/node".
  std::string node{};
  /// See `context::key`: the same in every attempt of a step.
  std::string key{};
  /// The params of the flow: an object.
  value params = value::object();
  /// The attempt, counted from 0.
  std::uint32_t attempt = 0;
  /// The shared state before the step, a snapshot.
  state shared{};
  /// Requests a stop when the run is cancelled or the attempt has timed out. An
  /// answer is dropped then, so none is needed.
  std::stop_token stop{};

  /// Returns a copy of `shared` to write, which records its writes for the
  /// reply.
  [[nodiscard]] state writable() const {
    state copy = shared;
    copy.record();
    return copy;
  }
};

/// The reply of that actor: the edge to follow, and the writes to make. Or that
/// the attempt has failed; to reply with a `caf::error` says that as well.
///
/// Thread safety: confined to one actor or task. Copies are independent.
struct step_reply {
  step_reply() = default;
  /// Takes the writes to `written` since `step_request::writable`, and ends
  /// their recording.
  step_reply(state& written, troupe::action next)
      : action(std::move(next)), writes(written.take_delta()) {}
  explicit step_reply(state& written) : writes(written.take_delta()) {}
  step_reply(troupe::action next, delta written)
      : action(std::move(next)), writes(std::move(written)) {}
  explicit step_reply(troupe::action next) : action(std::move(next)) {}
  /// The attempt has failed. After a `permanent_error` it is not tried again.
  explicit step_reply(error why) : failure(std::move(why)) {}

  troupe::action action{};
  delta writes{};
  std::optional<error> failure{};
};

/// The form that a step may be stored in: an attempt that failed has none.
void to_json(json& form, const step_reply& from);
/// Errors: errc::bad_value, or what nlohmann's library throws.
void from_json(const json& form, step_reply& into);

/// The end of a run, as `run::then` sends it to an actor.
///
/// Thread safety: confined to one actor or task. Copies are independent.
struct run_ended {
  std::string id{};
  outcome result{};
};

/// The typed node protocol: an actor that takes this message can stand for a
/// node. One with more messages in its interface converts to this handle.
using node_actor_handle =
    caf::typed_actor<detail::answers<step_reply, step_request>>;

}  // namespace troupe

// They stay in one process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::step_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::step_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::run_ended)

CAF_BEGIN_TYPE_ID_BLOCK(troupe, TROUPE_FIRST_TYPE_ID)
CAF_ADD_TYPE_ID(troupe, (troupe::step_request))
CAF_ADD_TYPE_ID(troupe, (troupe::step_reply))
CAF_ADD_TYPE_ID(troupe, (troupe::run_ended))
CAF_END_TYPE_ID_BLOCK(troupe)
