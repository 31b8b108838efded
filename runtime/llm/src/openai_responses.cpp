#include "reply_fields.hpp"
#include "strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"
#include "troupe/llm/reply_error.hpp"

#include <utility>

// Source of the format: OpenAI's API reference, "Responses" and "Streaming
// events".

namespace troupe::llm {

namespace {

using detail::reply_fields;

// -- requests -----------------------------------------------------------------

json said_by(const message& from) {
  const bool is_own = from.role == role::assistant;
  json content = json::array();
  if (!from.text.empty() || from.images.empty()) {
    content.push_back(
        {{"type", is_own ? "output_text" : "input_text"}, {"text", from.text}});
  }
  for (const auto& each : from.images) {
    content.push_back(
        {{"type", "input_image"},
         {"image_url", each.url.empty()
                           ? "data:" + each.media_type + ";base64," + each.data
                           : each.url}});
  }
  return {{"type", "message"},
          {"role", to_string(from.role)},
          {"content", std::move(content)}};
}

void put_items(json& input, const message& from) {
  if (from.role == role::tool) {
    input.push_back({{"type", "function_call_output"},
                     {"call_id", from.call_id},
                     {"output", detail::told_by_tool(from)}});
    return;
  }
  if (!from.text.empty() || from.calls.empty()) input.push_back(said_by(from));
  for (const auto& each : from.calls) {
    input.push_back({{"type", "function_call"},
                     {"call_id", each.id},
                     {"name", each.name},
                     {"arguments", each.arguments.is_string()
                                       ? each.arguments.get<std::string>()
                                       : each.arguments.dump(
                                             -1, ' ', false,
                                             json::error_handler_t::replace)}});
  }
}

void put_tools(json& form, const chat_request& asked) {
  for (const auto& each : asked.tools) {
    auto [schema, is_strict] = detail::openai_schema_of(each.parameters);
    form["tools"].push_back({{"type", "function"},
                             {"name", each.name},
                             {"description", each.description},
                             {"parameters", std::move(schema)},
                             {"strict", is_strict}});
  }
  const auto& choice = asked.tool_choice;
  if (choice.empty()) return;
  if (choice == "auto" || choice == "none" || choice == "required") {
    form["tool_choice"] = choice;
  } else {
    form["tool_choice"] = {{"type", "function"}, {"name", choice}};
  }
}

json form_of(const chat_request& asked, bool stream) {
  if (asked.seed) detail::refuse_request("OpenAI's responses have no seed");
  if (!asked.stop.empty()) {
    detail::refuse_request("OpenAI's responses have no stop sequences");
  }
  json form = {{"model", asked.model},
               {"input", json::array()},
               // Nothing here asks for it again.
               {"store", false}};
  for (const auto& each : asked.messages) put_items(form["input"], each);
  if (asked.temperature) form["temperature"] = *asked.temperature;
  if (asked.max_tokens) form["max_output_tokens"] = *asked.max_tokens;
  put_tools(form, asked);
  if (asked.reply_as) {
    auto [schema, is_strict] = detail::openai_schema_of(asked.reply_as->schema);
    form["text"] = {{"format",
                     {{"type", "json_schema"},
                      {"name", asked.reply_as->name},
                      {"schema", std::move(schema)},
                      {"strict", is_strict}}}};
  }
  if (stream) form["stream"] = true;
  return form;
}

// -- replies ------------------------------------------------------------------

usage usage_in(const reply_fields& from) {
  if (from.is_null()) return {};
  usage found{from.count_or("input_tokens", 0),
              from.count_or("output_tokens", 0), 0};
  const auto details = from.find("input_tokens_details");
  if (!details.is_null()) found.cached = details.count_or("cached_tokens", 0);
  return found;
}

void take_message(const reply_fields& item, chat_reply& into) {
  const auto content = item.at("content");
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto part = content.at(i);
    const auto type = part.at("type").text();
    if (type == "output_text") {
      into.message.text += part.at("text").text();
    } else if (type == "refusal") {
      into.message.text += part.at("refusal").text();
      into.finish = finish_reason::refused;
    }
  }
}

void take_status(const reply_fields& from, chat_reply& into) {
  into.finish_text = from.text_or("status");
  if (into.finish_text.empty() || into.finish_text == "completed") return;
  into.finish = finish_reason::other;
  const auto details = from.find("incomplete_details");
  if (into.finish_text != "incomplete" || details.is_null()) return;
  into.finish_text = details.text_or("reason", "incomplete");
  if (into.finish_text == "max_output_tokens") {
    into.finish = finish_reason::length;
  } else if (into.finish_text == "content_filter") {
    into.finish = finish_reason::refused;
  }
}

/// Throws what a response that failed, or an error, means.
void throw_error_in(const json& form) {
  if (!form.is_object()) return;
  const auto found = form.find("error");
  const bool is_event = form.value("type", json{}) == "error";
  if (!is_event && (found == form.end() || found->is_null())) return;
  http_response told;
  told.status = 200;
  told.body = form.dump();
  throw error_of_reply(told, {});
}

chat_reply reply_in(const reply_fields& from) {
  throw_error_in(from.form());
  chat_reply reply;
  reply.id = from.text_or("id");
  reply.model = from.text_or("model");
  const auto output = from.at("output");
  for (std::size_t i = 0; i < output.size(); ++i) {
    const auto item = output.at(i);
    const auto type = item.at("type").text();
    if (type == "message") {
      take_message(item, reply);
    } else if (type == "function_call") {
      reply.message.calls.push_back(
          {item.at("call_id").text(), item.at("name").text(),
           detail::arguments_in(item.text_or("arguments"))});
      reply.finish = finish_reason::tool_calls;
    }
  }
  take_status(from, reply);
  reply.usage = usage_in(from.find("usage"));
  return reply;
}

/// The last event has the whole response, so the others are only for those who
/// want to see it being made.
class builder final : public reply_builder {
 public:
  std::string take(const sse_event& event) override {
    const json form = detail::parsed(event.data, "a part of the reply");
    const reply_fields fields{form};
    const auto type = fields.text_or("type", event.type);
    if (type == "error") throw_error_in(form);
    if (type == "response.output_text.delta" ||
        type == "response.refusal.delta") {
      auto text = fields.at("delta").text();
      text_ += text;
      return text;
    }
    if (type == "response.completed" || type == "response.incomplete" ||
        type == "response.failed") {
      reply_ = reply_in(fields.at("response"));
      is_complete_ = true;
    }
    return {};
  }
  bool is_complete() const noexcept override { return is_complete_; }
  bool may_end() const noexcept override { return is_complete_; }
  const std::string& text() const noexcept override { return text_; }
  chat_reply finish() override {
    if (!is_complete_) detail::refuse_incomplete(text_);
    return reply_;
  }

 private:
  std::string text_;
  chat_reply reply_;
  bool is_complete_ = false;
};

class format final : public chat_format {
 public:
  http_request encode(const chat_request& asked, const endpoint& at,
                      bool stream) const override {
    detail::check(asked);
    http_request request{"POST", detail::joined(at.base_url, "/responses"),
                         detail::body_of(form_of(asked, stream), asked.extra)};
    request.headers = detail::openai_headers(at, stream);
    return request;
  }
  chat_reply decode(std::string_view body) const override {
    const json form = detail::parsed(body, "the reply");
    return reply_in(reply_fields{form});
  }
  std::unique_ptr<reply_builder> build() const override {
    return std::make_unique<builder>();
  }
  http_request encode_models(const endpoint& at,
                             std::string_view after) const override {
    return openai_chat().encode_models(at, after);
  }
};

}  // namespace

const chat_format& openai_responses() noexcept {
  static const format made;
  return made;
}

}  // namespace troupe::llm
