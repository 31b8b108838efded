#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "troupe/llm/chat_format.hpp"

#include <array>
#include <string>
#include <utility>

// Sources: the API references of OpenAI, Anthropic, Google and Cohere, "List
// models"; and what Together, Ollama and others make of it.

namespace troupe::llm {

namespace {

using detail::reply_fields;

/// The list itself, which not all servers put into "data". Null is how some
/// write an empty one.
reply_fields list_in(const reply_fields& reply) {
  if (reply.form().is_array()) return reply;
  for (const char* each : {"data", "models", "result", "items"}) {
    if (reply.find(each).form().is_array()) return reply.find(each);
  }
  const auto& form = reply.form();
  const bool is_null = form.contains("data") || form.contains("models");
  return is_null ? reply.find(form.contains("data") ? "data" : "models")
                 : reply.at("data");
}

/// The mark of the next page, and the way to ask for it.
constexpr std::array<std::pair<const char*, const char*>, 2> tokens = {
    {{"nextPageToken", "pageToken="}, {"next_page_token", "page_token="}}};

std::string name_of(const reply_fields& model) {
  if (model.form().is_string()) return model.text();
  for (const char* each : {"id", "name", "model"}) {
    const auto name = model.find(each);
    if (name.form().is_string() && !name.text().empty()) return name.text();
  }
  return {};
}

}  // namespace

model_page decode_model_page(std::string_view body) {
  const json form = detail::reply_in_body(body);
  const reply_fields reply{form, body};
  const auto list = list_in(reply);
  model_page page;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto name = name_of(list.at(i));
    // A model without a name cannot be asked.
    if (!name.empty()) page.names.push_back(std::move(name));
  }
  if (form.is_array()) return page;
  for (const auto& [member, key] : tokens) {
    const auto token = reply.id_or_none(member);
    if (!token.empty()) page.next = key + token;
  }
  if (!page.next.empty() || form.value("has_more", json(false)) != true) {
    return page;
  }
  page.next = reply.id_or_none("last_id");
  if (page.next.empty() && !page.names.empty()) page.next = page.names.back();
  return page;
}

std::vector<std::string> decode_models(std::string_view body) {
  return decode_model_page(body).names;
}

}  // namespace troupe::llm
