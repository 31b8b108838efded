#include "reply_fields.hpp"
#include "strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"
#include "troupe/llm/reply_error.hpp"

#include <map>
#include <utility>

// Source of the format: OpenAI's API reference, "Chat completions"; and what
// llama.cpp, Ollama and vLLM make of it.

namespace troupe::llm {

namespace {

using detail::reply_fields;

// -- requests -----------------------------------------------------------------

json content_of(const message& from) {
  if (from.images.empty()) return from.text;
  json parts = json::array();
  if (!from.text.empty()) {
    parts.push_back({{"type", "text"}, {"text", from.text}});
  }
  for (const auto& each : from.images) {
    const auto url = each.url.empty()
                         ? "data:" + each.media_type + ";base64," + each.data
                         : each.url;
    parts.push_back({{"type", "image_url"}, {"image_url", {{"url", url}}}});
  }
  return parts;
}

std::string text_of(const json& arguments) {
  // What was no JSON goes back as it came.
  if (arguments.is_string()) return arguments.get<std::string>();
  return arguments.dump(-1, ' ', false, json::error_handler_t::replace);
}

json form_of(const message& from) {
  json form = {{"role", to_string(from.role)}, {"content", content_of(from)}};
  if (from.role == role::tool) {
    form["content"] = detail::told_by_tool(from);
    form["tool_call_id"] = from.call_id;
  }
  if (!from.calls.empty()) {
    if (from.text.empty()) form["content"] = nullptr;
    for (const auto& each : from.calls) {
      form["tool_calls"].push_back(
          {{"id", each.id},
           {"type", "function"},
           {"function",
            {{"name", each.name}, {"arguments", text_of(each.arguments)}}}});
    }
  }
  return form;
}

void put_tools(json& form, const chat_request& asked) {
  for (const auto& each : asked.tools) {
    form["tools"].push_back({{"type", "function"},
                             {"function",
                              {{"name", each.name},
                               {"description", each.description},
                               {"parameters", each.parameters}}}});
  }
  if (asked.tool_choice.empty()) return;
  if (asked.tool_choice == "auto" || asked.tool_choice == "none" ||
      asked.tool_choice == "required") {
    form["tool_choice"] = asked.tool_choice;
  } else {
    form["tool_choice"] = {{"type", "function"},
                           {"function", {{"name", asked.tool_choice}}}};
  }
}

json form_of(const chat_request& asked, bool stream) {
  json form = {{"model", asked.model}, {"messages", json::array()}};
  for (const auto& each : asked.messages) {
    form["messages"].push_back(form_of(each));
  }
  if (asked.temperature) form["temperature"] = *asked.temperature;
  if (asked.max_tokens) form["max_tokens"] = *asked.max_tokens;
  if (!asked.stop.empty()) form["stop"] = asked.stop;
  if (asked.seed) form["seed"] = *asked.seed;
  put_tools(form, asked);
  if (asked.reply_as) {
    auto [schema, is_strict] = detail::openai_schema_of(asked.reply_as->schema);
    form["response_format"] = {{"type", "json_schema"},
                               {"json_schema",
                                {{"name", asked.reply_as->name},
                                 {"schema", std::move(schema)},
                                 {"strict", is_strict}}}};
  }
  if (stream) {
    form["stream"] = true;
    form["stream_options"] = {{"include_usage", true}};
  }
  return form;
}

// -- replies ------------------------------------------------------------------

finish_reason reason_of(const std::string& text) {
  if (text == "stop" || text.empty()) return finish_reason::stop;
  if (text == "length") return finish_reason::length;
  if (text == "tool_calls" || text == "function_call") {
    return finish_reason::tool_calls;
  }
  if (text == "content_filter") return finish_reason::refused;
  return finish_reason::other;
}

usage usage_in(const reply_fields& from) {
  if (from.is_null()) return {};
  usage found{from.count_or("prompt_tokens", 0),
              from.count_or("completion_tokens", 0), 0};
  const auto details = from.find("prompt_tokens_details");
  if (!details.is_null()) found.cached = details.count_or("cached_tokens", 0);
  return found;
}

/// A refusal stands in the place of the text.
void take_refusal(const reply_fields& from, chat_reply& into) {
  const auto refusal = from.text_or("refusal");
  if (refusal.empty()) return;
  into.message.text += refusal;
  into.finish = finish_reason::refused;
}

/// Some servers give a call no id, but its result needs one.
std::string id_or_made(const std::string& id, std::uint64_t index) {
  return id.empty() ? "call_" + std::to_string(index) : id;
}

chat_reply reply_in(const reply_fields& from) {
  chat_reply reply;
  reply.id = from.text_or("id");
  reply.model = from.text_or("model");
  const auto choice = from.at("choices").at(std::size_t{0});
  const auto said = choice.at("message");
  reply.message.text = said.text_or("content");
  reply.finish_text = choice.text_or("finish_reason");
  reply.finish = reason_of(reply.finish_text);
  take_refusal(said, reply);
  const auto calls = said.find("tool_calls");
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto call = calls.at(i);
    const auto function = call.at("function");
    const auto arguments = function.find("arguments");
    reply.message.calls.push_back(
        {id_or_made(call.text_or("id"), i), function.at("name").text(),
         // Some servers send the object itself.
         arguments.form().is_object()
             ? arguments.form()
             : detail::arguments_in(function.text_or("arguments"))});
  }
  // Some servers say "stop" all the same.
  if (!reply.message.calls.empty() && reply.finish == finish_reason::stop) {
    reply.finish = finish_reason::tool_calls;
  }
  reply.usage = usage_in(from.find("usage"));
  return reply;
}

/// Throws what an error inside of a stream or a body means.
void throw_error_in(const json& form) {
  if (!form.is_object()) return;
  const auto found = form.find("error");
  if (found == form.end() || found->is_null()) return;
  http_response told;
  told.status = 200;
  told.body = form.dump();
  throw error_of_reply(told, {});
}

class builder final : public reply_builder {
 public:
  std::string take(const sse_event& event) override;
  bool is_complete() const noexcept override { return is_complete_; }
  bool may_end() const noexcept override { return is_complete_; }
  const std::string& text() const noexcept override {
    return reply_.message.text;
  }
  chat_reply finish() override;

 private:
  struct pieces {
    std::string id;
    std::string name;
    std::string arguments;
  };

  std::string take_choice(const reply_fields& choice);
  void take_calls(const reply_fields& calls);

  chat_reply reply_;
  std::map<std::uint64_t, pieces> calls_;
  bool is_complete_ = false;
};

std::string builder::take(const sse_event& event) {
  if (is_complete_) return {};
  if (event.data == "[DONE]") {
    is_complete_ = true;
    return {};
  }
  const json form = detail::parsed(event.data, "a part of the reply");
  throw_error_in(form);
  const reply_fields chunk{form};
  if (reply_.id.empty()) reply_.id = chunk.text_or("id");
  if (reply_.model.empty()) reply_.model = chunk.text_or("model");
  const auto counted = chunk.find("usage");
  if (!counted.is_null()) reply_.usage = usage_in(counted);
  const auto choices = chunk.find("choices");
  return choices.size() == 0 ? std::string{}
                             : take_choice(choices.at(std::size_t{0}));
}

std::string builder::take_choice(const reply_fields& choice) {
  const auto reason = choice.text_or("finish_reason");
  if (!reason.empty()) {
    reply_.finish_text = reason;
    if (reply_.finish != finish_reason::refused) {
      reply_.finish = reason_of(reason);
    }
  }
  const auto delta = choice.find("delta");
  if (delta.is_null()) return {};
  take_calls(delta.find("tool_calls"));
  take_refusal(delta, reply_);
  auto text = delta.text_or("content");
  reply_.message.text += text;
  return text;
}

void builder::take_calls(const reply_fields& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto call = calls.at(i);
    // Without an index a call comes whole.
    const auto index = call.count_or("index", calls_.size());
    auto& into = calls_[index];
    const auto id = call.text_or("id");
    if (!id.empty()) into.id = id;
    const auto function = call.find("function");
    if (function.is_null()) continue;
    into.name += function.text_or("name");
    const auto arguments = function.find("arguments");
    into.arguments += arguments.form().is_object()
                          ? arguments.form().dump()
                          : function.text_or("arguments");
  }
}

chat_reply builder::finish() {
  if (!is_complete_) detail::refuse_incomplete(text());
  for (const auto& [index, each] : calls_) {
    if (each.name.empty()) {
      throw error{errc::bad_reply, "a call in the reply names no tool"};
    }
    reply_.message.calls.push_back({id_or_made(each.id, index), each.name,
                                    detail::arguments_in(each.arguments)});
  }
  calls_.clear();
  if (!reply_.message.calls.empty() && reply_.finish == finish_reason::stop) {
    reply_.finish = finish_reason::tool_calls;
  }
  return reply_;
}

class format final : public chat_format {
 public:
  http_request encode(const chat_request& asked, const endpoint& at,
                      bool stream) const override {
    detail::check(asked);
    http_request request{"POST",
                         detail::joined(at.base_url, "/chat/completions"),
                         detail::body_of(form_of(asked, stream), asked.extra)};
    request.headers = detail::openai_headers(at, stream);
    return request;
  }
  chat_reply decode(std::string_view body) const override {
    const json form = detail::parsed(body, "the reply");
    throw_error_in(form);
    return reply_in(reply_fields{form});
  }
  std::unique_ptr<reply_builder> build() const override {
    return std::make_unique<builder>();
  }
  http_request encode_models(const endpoint& at,
                             std::string_view after) const override {
    http_request request{
        detail::next_page(detail::joined(at.base_url, "/models"), after)};
    request.headers = detail::openai_headers(at, /*stream=*/false);
    return request;
  }
};

}  // namespace

const chat_format& openai_chat() noexcept {
  static const format made;
  return made;
}

}  // namespace troupe::llm
