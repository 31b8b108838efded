#include "formats/openai_chat_reply.hpp"
#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "schema/strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"

#include <string_view>
#include <utility>

// Source of the format: OpenAI's API reference, "Chat completions"; and what
// llama.cpp, Ollama and vLLM make of it.

namespace troupe::llm {

namespace {

using detail::reply_fields;

constexpr std::string_view name_of_format = "openai_chat";

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

json form_of(const tool_call& from) {
  json form = {{"id", from.id},
               {"type", "function"},
               {"function",
                {{"name", from.name},
                 {"arguments", detail::text_of_arguments(from.arguments)}}}};
  const auto& more = detail::content_for(from.opaque, name_of_format);
  for (const auto& [key, value] : more.items()) {
    if (key == "function") {
      for (const auto& [inner, content] : value.items()) {
        if (inner != "name" && inner != "arguments") {
          form["function"][inner] = content;
        }
      }
    } else if (key != "id") {
      form[key] = value;
    }
  }
  return form;
}

/// The members that the server put into a message go back, but not over known
/// ones.
void put_kept(json& form, const message& from) {
  const auto& more = detail::content_for(from.opaque, name_of_format);
  for (const auto& [key, value] : more.items()) {
    if (key == "content") {
      // The user may have changed the text.
      const bool is_same =
          detail::text_of_content(reply_fields{value}) == from.text;
      if (is_same) form[key] = value;
    } else if (key == "audio" && value.is_object() && value.contains("id")) {
      // The sound itself is not taken back.
      form[key] = {{"id", value.at("id")}};
    } else if (!form.contains(key)) {
      form[key] = value;
    }
  }
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
      form["tool_calls"].push_back(form_of(each));
    }
  }
  if (from.role == role::assistant) put_kept(form, from);
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
    if (detail::is_stream(body)) {
      return detail::built_of(body, *build());
    }
    const json form = detail::whole_reply_in(body);
    return detail::openai_chat_reply(reply_fields{form, body});
  }
  std::unique_ptr<reply_builder> build() const override {
    return detail::taking_apart(detail::openai_chat_builder());
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
