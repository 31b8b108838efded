#include "reply_fields.hpp"
#include "strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"
#include "troupe/llm/reply_error.hpp"

#include <map>
#include <utility>

// Source of the format: Anthropic's API reference, "Messages" and "Streaming
// messages", of the version that `version` names.

namespace troupe::llm {

namespace {

using detail::reply_fields;

constexpr const char* version = "2023-06-01";
/// The format wants a number; this is for requests without one.
constexpr std::uint32_t usual_max_tokens = 4096;

// -- requests -----------------------------------------------------------------

json form_of(const image& from) {
  if (!from.url.empty()) {
    return {{"type", "image"},
            {"source", {{"type", "url"}, {"url", from.url}}}};
  }
  return {{"type", "image"},
          {"source",
           {{"type", "base64"},
            {"media_type", from.media_type},
            {"data", from.data}}}};
}

json blocks_of(const message& from) {
  json blocks = json::array();
  if (from.role == role::tool) {
    blocks.push_back({{"type", "tool_result"},
                      {"tool_use_id", from.call_id},
                      {"content", from.text}});
    if (from.is_error) blocks.back()["is_error"] = true;
    return blocks;
  }
  for (const auto& each : from.images) blocks.push_back(form_of(each));
  if (!from.text.empty()) {
    blocks.push_back({{"type", "text"}, {"text", from.text}});
  }
  for (const auto& each : from.calls) {
    blocks.push_back({{"type", "tool_use"},
                      {"id", each.id},
                      {"name", each.name},
                      // The format takes nothing but objects.
                      {"input", each.arguments.is_object()
                                    ? each.arguments
                                    : json{{"text", each.arguments}}}});
  }
  return blocks;
}

/// Messages of one side after each other become one, as the format wants it.
void put_messages(json& form, const chat_request& asked) {
  form["messages"] = json::array();
  std::string system;
  for (const auto& each : asked.messages) {
    if (each.role == role::system) {
      system += (system.empty() ? "" : "\n\n") + each.text;
      continue;
    }
    auto blocks = blocks_of(each);
    if (blocks.empty()) continue;
    const auto* side = each.role == role::assistant ? "assistant" : "user";
    auto& all = form["messages"];
    if (all.empty() || all.back().at("role") != side) {
      all.push_back({{"role", side}, {"content", json::array()}});
    }
    auto& content = all.back()["content"];
    content.insert(content.end(), blocks.begin(), blocks.end());
  }
  if (!system.empty()) form["system"] = system;
  if (form["messages"].empty()) {
    detail::refuse_request("a request has no message of the user");
  }
}

void put_tools(json& form, const chat_request& asked) {
  for (const auto& each : asked.tools) {
    form["tools"].push_back({{"name", each.name},
                             {"description", each.description},
                             {"input_schema", each.parameters}});
  }
  const auto& choice = asked.tool_choice;
  if (choice.empty()) return;
  if (choice == "required") {
    form["tool_choice"] = {{"type", "any"}};
  } else if (choice == "auto" || choice == "none") {
    form["tool_choice"] = {{"type", choice}};
  } else {
    form["tool_choice"] = {{"type", "tool"}, {"name", choice}};
  }
}

json form_of(const chat_request& asked, bool stream) {
  if (asked.seed) {
    detail::refuse_request("Anthropic's messages have no seed");
  }
  json form = {{"model", asked.model},
               {"max_tokens", asked.max_tokens.value_or(usual_max_tokens)}};
  put_messages(form, asked);
  if (asked.temperature) form["temperature"] = *asked.temperature;
  if (!asked.stop.empty()) form["stop_sequences"] = asked.stop;
  put_tools(form, asked);
  if (asked.reply_as) {
    form["output_config"] = {
        {"format",
         {{"type", "json_schema"},
          {"schema", detail::anthropic_schema_of(asked.reply_as->schema)}}}};
  }
  if (stream) form["stream"] = true;
  return form;
}

// -- replies ------------------------------------------------------------------

finish_reason reason_of(const std::string& text) {
  if (text == "end_turn" || text == "stop_sequence" || text.empty()) {
    return finish_reason::stop;
  }
  if (text == "max_tokens" || text == "model_context_window_exceeded") {
    return finish_reason::length;
  }
  if (text == "tool_use") return finish_reason::tool_calls;
  if (text == "refusal") return finish_reason::refused;
  return finish_reason::other;
}

/// What the fields of `from` say; the others stay.
void take_usage(const reply_fields& from, usage& into) {
  if (from.is_null()) return;
  const auto read = from.count_or("cache_read_input_tokens", into.cached);
  const auto written = from.count_or("cache_creation_input_tokens", 0);
  // What was cached is not counted as input there, but it is here.
  if (!from.find("input_tokens").is_null()) {
    into.input = from.count_or("input_tokens", 0) + read + written;
  }
  into.cached = read;
  into.output = from.count_or("output_tokens", into.output);
}

void throw_error_in(const json& form) {
  if (!form.is_object() || form.value("type", json{}) != "error") return;
  http_response told;
  told.status = 200;
  told.body = form.dump();
  throw error_of_reply(told, {});
}

chat_reply reply_in(const reply_fields& from) {
  chat_reply reply;
  reply.id = from.text_or("id");
  reply.model = from.text_or("model");
  const auto blocks = from.at("content");
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto block = blocks.at(i);
    const auto type = block.at("type").text();
    if (type == "text") {
      reply.message.text += block.at("text").text();
    } else if (type == "tool_use") {
      reply.message.calls.push_back({block.at("id").text(),
                                     block.at("name").text(),
                                     block.at("input").form()});
    }
  }
  reply.finish_text = from.text_or("stop_reason");
  reply.finish = reason_of(reply.finish_text);
  take_usage(from.find("usage"), reply.usage);
  return reply;
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
  struct call {
    std::string id;
    std::string name;
    std::string input;
  };

  void begin(const reply_fields& event);
  void begin_block(const reply_fields& event);
  std::string take_delta(const reply_fields& event);

  chat_reply reply_;
  std::map<std::uint64_t, call> calls_;
  bool is_complete_ = false;
};

std::string builder::take(const sse_event& event) {
  const json form = detail::parsed(event.data, "a part of the reply");
  throw_error_in(form);
  const reply_fields fields{form};
  const auto type = fields.at("type").text();
  if (type == "message_start") {
    begin(fields.at("message"));
  } else if (type == "content_block_start") {
    begin_block(fields);
  } else if (type == "content_block_delta") {
    return take_delta(fields);
  } else if (type == "message_delta") {
    const auto reason = fields.at("delta").text_or("stop_reason");
    if (!reason.empty()) {
      reply_.finish_text = reason;
      reply_.finish = reason_of(reason);
    }
    take_usage(fields.find("usage"), reply_.usage);
  } else if (type == "message_stop") {
    is_complete_ = true;
  }
  // Others, "ping" among them, are for others.
  return {};
}

void builder::begin(const reply_fields& message) {
  reply_.id = message.text_or("id");
  reply_.model = message.text_or("model");
  take_usage(message.find("usage"), reply_.usage);
}

void builder::begin_block(const reply_fields& event) {
  const auto block = event.at("content_block");
  if (block.at("type").text() != "tool_use") return;
  calls_[event.count_or("index", calls_.size())] = {
      block.at("id").text(), block.at("name").text(), {}};
}

std::string builder::take_delta(const reply_fields& event) {
  const auto delta = event.at("delta");
  const auto type = delta.at("type").text();
  if (type == "text_delta") {
    auto text = delta.at("text").text();
    reply_.message.text += text;
    return text;
  }
  if (type == "input_json_delta") {
    const auto found = calls_.find(event.count_or("index", 0));
    if (found == calls_.end()) event.refuse("is about a call that never began");
    found->second.input += delta.at("partial_json").text();
  }
  return {};
}

chat_reply builder::finish() {
  if (!is_complete_) detail::refuse_incomplete(text());
  for (const auto& [index, each] : calls_) {
    reply_.message.calls.push_back(
        {each.id, each.name, detail::arguments_in(each.input)});
  }
  calls_.clear();
  return reply_;
}

std::vector<http_header> headers_of(const endpoint& at, bool stream) {
  std::vector<http_header> headers{
      {"content-type", "application/json"},
      {"accept", stream ? "text/event-stream" : "application/json"},
      {"anthropic-version", version}};
  if (!at.api_key.empty()) headers.push_back({"x-api-key", at.api_key});
  return headers;
}

class format final : public chat_format {
 public:
  http_request encode(const chat_request& asked, const endpoint& at,
                      bool stream) const override {
    detail::check(asked);
    http_request request{"POST", detail::joined(at.base_url, "/v1/messages"),
                         detail::body_of(form_of(asked, stream), asked.extra)};
    request.headers = headers_of(at, stream);
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
        detail::next_page(detail::joined(at.base_url, "/v1/models"), after)};
    request.headers = headers_of(at, /*stream=*/false);
    return request;
  }
};

}  // namespace

const chat_format& anthropic_messages() noexcept {
  static const format made;
  return made;
}

}  // namespace troupe::llm
