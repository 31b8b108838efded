#include <troupe/llm/agent.hpp>
#include <troupe/llm/history.hpp>
#include <troupe/system.hpp>

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm {

namespace {

using messages = std::vector<message>;

/// The shared state of the nodes of an agent.
struct agent_core {
  client model;
  agent_options options;

  [[nodiscard]] std::string place(std::string_view member) const {
    return "/" + options.state_key + "/" + std::string{member};
  }
  [[nodiscard]] messages history(const state& shared) const {
    return shared.get_or(place("messages"), messages{});
  }
  void add(state& shared, const message& said) const {
    shared.append(place("messages"), json(said));
  }
  void count(state& shared, const usage& used) const {
    shared.add(place("usage/input"), used.input);
    shared.add(place("usage/output"), used.output);
    shared.add(place("usage/cached"), used.cached);
  }
  [[nodiscard]] bool is_too_long(const state& shared) const {
    return options.history_max &&
           token_estimate(history(shared)) > *options.history_max;
  }
};
using core_ptr = std::shared_ptr<const agent_core>;

constexpr std::string_view fold_action = "fold";
constexpr std::string_view tools_action = "tools";
constexpr std::string_view finished_action = "finished";
constexpr std::string_view paused_action = "paused";

/// True if the server has put the turn off, as Anthropic's do where their own
/// tools take long: the conversation goes back as it is.
bool is_paused(const chat_reply& reply) {
  return reply.finish == finish_reason::other &&
         reply.finish_text == "pause_turn";
}

/// Puts the task into the conversation.
struct begin_task {
  static constexpr std::array<std::string_view, 2> actions{"default",
                                                           fold_action};

  action post(state& shared) const {
    const auto at = core->place("task");
    if (const value* task = shared.find(at)) {
      core->add(shared, message::user(task->get<std::string>()));
      shared.erase(at);
    } else if (core->history(shared).empty()) {
      throw error{errc::missing_key,
                  "the agent has no task: there is no text at " + at};
    }
    shared.set(core->place("turns"), 0);
    return core->is_too_long(shared) ? action{fold_action} : action{};
  }

  core_ptr core;
};

/// Asks the model what is next.
struct decide {
  static constexpr std::array<std::string_view, 3> actions{
      tools_action, finished_action, paused_action};

  messages prep(const state& shared) const {
    if (shared.get<std::size_t>(core->place("turns")) >=
        core->options.turns_max) {
      throw error{errc::step_limit,
                  "the agent has no answer after " +
                      std::to_string(core->options.turns_max) +
                      " turns; agent_options.turns_max limits them"}
          .permanent();
    }
    return core->history(shared);
  }
  task<chat_reply> exec(messages conversation, context& ctx) const {
    const auto& options = core->options;
    if (!options.instructions.empty()) {
      conversation.insert(conversation.begin(),
                          message::system(options.instructions));
    }
    chat_request asked{std::move(conversation)};
    asked.tools = options.tools.specs();
    if (options.prepare) options.prepare(asked);
    auto asking = core->model.chat(ctx, std::move(asked));
    co_return co_await asking;
  }
  action post(state& shared, const messages&, const chat_reply& reply) const {
    core->add(shared, reply.message);
    core->count(shared, reply.usage);
    shared.add(core->place("turns"), 1);
    if (!reply.message.calls.empty()) return tools_action;
    if (is_paused(reply)) return paused_action;
    shared.set(core->place("answer"), reply.text());
    shared.set(core->place("finish"), std::string{to_string(reply.finish)});
    return finished_action;
  }

  core_ptr core;
};

/// Carries out what the model called.
struct use_tools {
  static constexpr std::array<std::string_view, 2> actions{"default",
                                                           fold_action};

  std::vector<tool_call> prep(const state& shared) const {
    return core->history(shared).back().calls;
  }
  task<messages> exec(std::vector<tool_call> calls, context& ctx) const {
    for (const auto& each : calls) ctx.emit(json{{"tool", each.name}});
    auto running = core->options.tools.run(std::move(calls), ctx,
                                           core->options.tools_at_once);
    co_return co_await running;
  }
  action post(state& shared, const std::vector<tool_call>&,
              const messages& results) const {
    for (const auto& each : results) core->add(shared, each);
    return core->is_too_long(shared) ? action{fold_action} : action{};
  }

  core_ptr core;
};

/// Puts a summary in the place of the older messages.
struct fold_history {
  messages prep(const state& shared) const { return core->history(shared); }
  task<chat_reply> exec(messages conversation, context& ctx) const {
    const auto parts = parts_of(conversation, core->options.history_kept);
    const std::span<const message> all{conversation};
    const auto older = all.subspan(parts.old, parts.recent - parts.old);
    if (older.empty()) co_return chat_reply{};
    chat_request asked{
        {message::system(
             "Summarise this conversation for the assistant who goes on with "
             "it. Keep the task, what was decided, found out and done, names "
             "and figures, and what is still open. Answer with the summary "
             "alone."),
         message::user(transcript(older))}};
    auto asking = core->model.chat(ctx, std::move(asked));
    co_return co_await asking;
  }
  void post(state& shared, const messages& conversation,
            const chat_reply& reply) const {
    const auto parts = parts_of(conversation, core->options.history_kept);
    if (parts.old == parts.recent) return;
    core->count(shared, reply.usage);
    messages folded{
        conversation.begin(),
        conversation.begin() + static_cast<std::ptrdiff_t>(parts.old)};
    folded.push_back(
        message::user("What has happened so far: " + reply.text()));
    folded.insert(
        folded.end(),
        conversation.begin() + static_cast<std::ptrdiff_t>(parts.recent),
        conversation.end());
    shared.set(core->place("messages"), json(folded));
  }

  core_ptr core;
};

/// The end of the flow.
struct answer {
  void post() const {}
};

void check(const agent_options& options) {
  const auto must_be_some = [](std::size_t count, const char* name) {
    if (count >= 1) return;
    throw error{errc::bad_flow,
                "agent_options." + std::string{name} + " must be at least 1"};
  };
  must_be_some(options.tools_at_once, "tools_at_once");
  must_be_some(options.turns_max, "turns_max");
  must_be_some(options.history_kept, "history_kept");
  if (options.state_key.empty() ||
      options.state_key.find_first_of("/~") != std::string::npos) {
    throw error{errc::bad_flow,
                "agent_options.state_key must be a name without '/' and '~'"};
  }
}

}  // namespace

flow make_agent(std::string name, client model, agent_options options) {
  check(options);
  const node_options asking = options.asking;
  const auto core = std::make_shared<const agent_core>(
      agent_core{std::move(model), std::move(options)});
  flow_builder agent{std::move(name)};
  const auto first = agent.add("begin", begin_task{core});
  const auto decided = agent.add("decide", decide{core}, asking);
  const auto used = agent.add("tools", use_tools{core});
  const auto folded = agent.add("fold", fold_history{core}, asking);
  const auto last = agent.add("answer", answer{});
  first >> decided;
  (first - action{fold_action}) >> folded >> decided;
  (decided - action{tools_action}) >> used >> decided;
  (used - action{fold_action}) >> folded;
  (decided - action{paused_action}) >> decided;
  (decided - action{finished_action}) >> last;
  return agent.build();
}

}  // namespace troupe::llm
