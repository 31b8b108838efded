#include "formats/openai_chat_reply.hpp"
#include "formats/responses_reply.hpp"
#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "schema/strict_schema.hpp"
#include "troupe/llm/chat_format.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

// Source of the format: OpenAI's API reference, "Responses" and "Streaming
// events".

namespace troupe::llm {

namespace {

constexpr std::string_view name_of_format = "openai_responses";

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

json form_of(const tool_call& from) {
  return {{"type", "function_call"},
          {"call_id", from.id},
          {"name", from.name},
          {"arguments", detail::text_of_arguments(from.arguments)}};
}

/// The items of a message of the model as they came, with what the user has
/// changed in it since; see `server_content`. Messages and calls go without
/// their ids, which a server that stores nothing does not find.
void put_as_they_came(json& input, const message& from,
                      const json& as_they_came) {
  const bool is_changed = detail::text_of_items(as_they_came) != from.text;
  bool has_text = !is_changed;
  std::vector<const tool_call*> left;
  for (const auto& each : from.calls) left.push_back(&each);
  for (const auto& each : as_they_came) {
    const auto type = detail::text_at(each, "type");
    if (type == "message") {
      if (!is_changed) {
        input.push_back(detail::unknown_in(each, {"id", "status"}));
      } else if (!std::exchange(has_text, true) && !from.text.empty()) {
        input.push_back(said_by(from));
      }
    } else if (type == "function_call") {
      const auto id = detail::id_of_call(detail::reply_fields{each});
      const auto found =
          std::find_if(left.begin(), left.end(),
                       [&](const auto* call) { return call->id == id; });
      if (found == left.end()) continue;
      auto item = detail::unknown_in(each, {"id", "status"});
      item.update(form_of(**found));
      input.push_back(std::move(item));
      left.erase(found);
    } else if (each.is_object()) {
      input.push_back(each);
    }
  }
  if (!has_text && !from.text.empty()) input.push_back(said_by(from));
  for (const auto* each : left) input.push_back(form_of(*each));
}

void put_items(json& input, const message& from, bool is_stored) {
  if (from.role == role::tool) {
    input.push_back({{"type", "function_call_output"},
                     {"call_id", from.call_id},
                     {"output", detail::told_by_tool(from)}});
    return;
  }
  const auto& as_they_came = detail::content_for(from.opaque, name_of_format);
  if (as_they_came.is_array() && from.role == role::assistant &&
      detail::may_go_back(as_they_came, is_stored)) {
    put_as_they_came(input, from, as_they_came);
    return;
  }
  if (!from.text.empty() || from.calls.empty()) input.push_back(said_by(from));
  for (const auto& each : from.calls) input.push_back(form_of(each));
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
  if (asked.seed) {
    detail::refuse_request(
        "OpenAI's responses API has no seed: leave chat_request::seed empty");
  }
  if (!asked.stop.empty()) {
    detail::refuse_request(
        "OpenAI's responses API has no stop sequences: leave "
        "chat_request::stop empty");
  }
  json form = {{"model", asked.model},
               {"input", json::array()},
               // Nothing here asks for it again.
               {"store", false}};
  const auto store = asked.extra.value("store", json(false));
  for (const auto& each : asked.messages) {
    put_items(form["input"], each, store == true);
  }
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
    if (detail::is_stream(body)) {
      return detail::built_of(body, *build());
    }
    const json form = detail::whole_reply_in(body);
    return detail::responses_reply(detail::reply_fields{form, body});
  }
  std::unique_ptr<reply_builder> build() const override {
    return detail::taking_apart(detail::responses_builder());
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
