#pragma once

#include <troupe/context.hpp>
#include <troupe/protocol.hpp>
#include <troupe/state.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <functional>

namespace troupe {

/// A node whose work a CAF actor of the user does:
///
///     flow.add("count", troupe::actor_node{counter},
///              {.retry = {.attempts = 3}, .timeout = 5s});
///
/// Each attempt is one request, a `step_request` with a snapshot of the state.
/// The writes in the reply become visible when it has arrived. The actor
/// belongs to the caller: the flow neither spawns nor ends it, and all runs
/// send to the same one. A simulation runs an actor on the test's thread if it
/// was spawned with `caf::lazy_init`.
///
/// Limits: an attempt takes at most the node's `timeout`, without one
/// `time_limit_default`. `concurrency` bounds the requests in progress.
/// Errors: a `failure` in the reply is thrown as it is; the others are those of
/// `ask`. All are retried as the options of the node say, except
/// `errc::actor_died` of an actor given by handle, which will not come back:
/// the fallback or the failure follows at once.
/// Cancellation: `step_request::stop` is set and the reply is dropped. Thread
/// safety: immutable. Copies are independent.
class actor_node {
 public:
  /// The time limit of a reply if the node has no `timeout`.
  static constexpr duration time_limit_default = std::chrono::minutes{1};

  /// Finds the actor for one attempt. Called on the thread of the flow, on
  /// several at once; must not block. May throw, which fails the attempt.
  using finder = std::function<node_actor_handle()>;

  explicit actor_node(node_actor_handle to);
  /// The same for a dynamically typed handle. An actor that does not follow
  /// the protocol fails the attempts.
  explicit actor_node(caf::actor to);
  /// Asks the actor that `find` returns, once per attempt: for an actor that
  /// its owner restarts after its death.
  explicit actor_node(finder find);

  task<step_reply> exec(const state& shared, context& ctx) const;
  action post(state& shared, const step_reply& reply) const;

 private:
  [[nodiscard]] caf::actor target() const;

  caf::actor to_;
  finder find_;
};

}  // namespace troupe
