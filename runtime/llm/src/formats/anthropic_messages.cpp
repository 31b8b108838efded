#include "formats/anthropic_reply.hpp"
#include "formats/openai_chat_reply.hpp"
#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "schema/strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"

#include <string_view>
#include <utility>

// Source of the format: Anthropic's API reference, "Messages" and "Streaming
// messages", of the version that `version` names.

namespace troupe::llm {

namespace {

constexpr std::string_view name_of_format = "anthropic_messages";
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
  const auto& as_they_came = detail::content_for(from.opaque, name_of_format);
  if (as_they_came.is_array() && from.role == role::assistant) {
    return detail::anthropic_blocks_of(from, as_they_came);
  }
  for (const auto& each : from.images) blocks.push_back(form_of(each));
  if (!from.text.empty()) {
    blocks.push_back({{"type", "text"}, {"text", from.text}});
  }
  for (const auto& each : from.calls) {
    blocks.push_back(detail::anthropic_block_of(each));
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
    detail::refuse_request("the request has no user message");
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
    detail::refuse_request(
        "Anthropic's messages API has no seed: leave chat_request::seed empty");
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
    if (detail::is_stream(body)) {
      return detail::built_of(body, *build());
    }
    const json form = detail::whole_reply_in(body);
    return detail::anthropic_reply(detail::reply_fields{form, body});
  }
  std::unique_ptr<reply_builder> build() const override {
    return detail::taking_apart(detail::anthropic_builder());
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
