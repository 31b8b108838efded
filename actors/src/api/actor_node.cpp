#include <troupe/actor_node.hpp>
#include <troupe/ask.hpp>

#include <utility>

namespace troupe {

void to_json(json& form, const step_reply& from) {
  form = json{{"action", from.action.name()}, {"writes", from.writes}};
}

void from_json(const json& form, step_reply& into) {
  into = step_reply{action{form.at("action").get<std::string>()},
                    form.at("writes").get<delta>()};
}

actor_node::actor_node(node_actor_handle to)
    : to_(caf::actor_cast<caf::actor>(to)) {}

actor_node::actor_node(caf::actor to) : to_(std::move(to)) {}

actor_node::actor_node(finder find) : find_(std::move(find)) {}

caf::actor actor_node::target() const {
  return find_ ? caf::actor_cast<caf::actor>(find_()) : to_;
}

task<step_reply> actor_node::exec(const state& shared, context& ctx) const {
  step_request request;
  request.run = ctx.run_id();
  request.node = ctx.node();
  request.key = ctx.key();
  request.params = ctx.params();
  request.attempt = ctx.attempt();
  request.shared = shared;
  request.stop = ctx.stop_token();
  const auto limit = ctx.host().options().timeout.value_or(time_limit_default);
  step_reply reply;
  try {
    reply = co_await ask<step_reply>(target(), limit, request);
  } catch (error& why) {
    if (why.code() == errc::actor_died && !find_) why.permanent();
    throw;
  }
  if (reply.failure) throw error{*reply.failure};
  co_return reply;
}

action actor_node::post(state& shared, const step_reply& reply) const {
  shared.apply(reply.writes);
  return reply.action;
}

}  // namespace troupe
