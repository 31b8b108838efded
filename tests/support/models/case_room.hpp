#pragma once

#include "support/models/client_room.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/agent.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/llm/structured.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/system.hpp>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// The end of the call of a case.
struct case_end {
  std::optional<troupe::error> failure;
  /// The result of the call: a reply, a list of names, vectors, a value; of an
  /// agent its part of the state.
  troupe::json reply;
  /// Each token that was told.
  std::vector<std::string> tokens;
};

/// Makes the call of a file in tests/data/servers, against what
/// tests/support/servers/case_server.py plays.
struct case_room : client_room {
  explicit case_room(std::string which)
      : name(std::move(which)), call(call_of(name)) {}

  [[nodiscard]] troupe::llm::client_options options() const {
    const auto spoken = call.value("api", "chat");
    troupe::llm::client_options how;
    how.model = "m";
    if (spoken == "responses") how.api = troupe::llm::api::openai_responses;
    if (spoken == "messages") how.api = troupe::llm::api::anthropic_messages;
    how.base_url = server("/c/" + name, "CASE_SERVER") +
                   call.value("base_url", spoken == "messages" ? "" : "/v1");
    how.api_key = "test-key-secret";
    how.stream = call.value("stream", false);
    return how;
  }

  case_end run() { return run(options()); }
  case_end run(troupe::llm::client_options how) {
    const auto op = call.value("op", "chat");
    const auto model = client(std::move(how));
    if (op == "agent") return run_agent(model);
    troupe::node_options node;
    node.retry.attempts = call.value("attempts", 1U);
    return end_of(
        system.start(one_node(asks{[this, model, op](troupe::context& ctx) {
                                return work(this, model, op, ctx);
                              }},
                              node)),
        "reply");
  }

  /// Returns the requests to the server so far.
  troupe::json log() {
    troupe::http_request ask{server("/_log/" + name, "CASE_SERVER")};
    return troupe::read_json(
        send(std::move(ask)).at("body").get<std::string>());
  }
  /// The body of request number `index`.
  troupe::json asked(std::size_t index) {
    return troupe::read_json(log().at(index).at("body").get<std::string>());
  }

  const std::string name;
  const troupe::json call;

 private:
  static troupe::json call_of(const std::string& name) {
    const auto played = name.substr(0, name.find('@'));
    std::ifstream file{"tests/data/servers/" + played + ".txt"};
    std::string line;
    while (std::getline(file, line)) {
      if (line.starts_with("call: ")) return troupe::read_json(line.substr(6));
    }
    FAIL("there is no case " + name);
    return {};
  }

  static case_end end_of(troupe::run started, const std::string& key) {
    case_end end;
    auto events = started.events();
    while (const auto event = events.next()) {
      if (event->kind != troupe::event_kind::custom) continue;
      if (!event->data.contains("token")) continue;
      end.tokens.push_back(event->data.at("token").get<std::string>());
    }
    const auto ended = started.get();
    end.failure = ended.failure;
    if (const auto* found = ended.state.find("/" + key)) {
      end.reply = found->to_json();
    }
    return end;
  }

  [[nodiscard]] troupe::llm::chat_request request() const {
    troupe::llm::chat_request asked{"Do it"};
    asked.extra = call.value("extra", troupe::json::object());
    for (const auto& each : tools().specs()) asked.tools.push_back(each);
    if (call.contains("schema")) {
      asked.reply_as = troupe::llm::reply_schema{"reply", call.at("schema")};
    }
    return asked;
  }

  [[nodiscard]] troupe::llm::toolbox tools() const {
    const auto nothing = troupe::json{{"type", "object"}};
    std::vector<troupe::llm::tool> made;
    for (const auto& each : call.value("tools", troupe::json::array())) {
      troupe::llm::tool_spec spec;
      spec.name = each.at("name").get<std::string>();
      spec.description = "A tool";
      spec.parameters = each.value("parameters", nothing);
      const auto answer = each.value("answer", "done");
      made.emplace_back(std::move(spec),
                        [answer](troupe::json, troupe::context&)
                            -> troupe::task<std::string> { co_return answer; });
    }
    return troupe::llm::toolbox{std::move(made)};
  }

  case_end run_agent(const troupe::llm::client& model) {
    troupe::llm::agent_options how;
    how.tools = tools();
    how.asking.retry.attempts = call.value("attempts", 1U);
    how.prepare = [extra = call.value("extra", troupe::json::object())](
                      troupe::llm::chat_request& asked) {
      asked.extra = extra;
    };
    troupe::state shared;
    shared.set("/agent/task", "Do it");
    return end_of(system.start(make_agent("agent", model, how), shared),
                  "agent");
  }

  static troupe::task<troupe::json> work(case_room* self,
                                         troupe::llm::client model,
                                         std::string op, troupe::context& ctx) {
    if (op == "embed") {
      auto asking = model.embed(
          {"one", "two"}, self->call.value("extra", troupe::json::object()));
      const auto reply = co_await asking;
      co_return troupe::json(reply.vectors);
    }
    if (op == "models") {
      auto asking = model.models();
      const auto names = co_await asking;
      co_return troupe::json(names);
    }
    auto asked = self->request();
    auto asking = model.chat(ctx, std::move(asked));
    const auto reply = co_await asking;
    if (op != "structured") co_return troupe::json(reply);
    const troupe::llm::json_schema schema{self->call.at("schema")};
    co_return troupe::llm::read_reply(reply, schema);
  }
};

}  // namespace troupe_test
