#include "formats/responses_reply.hpp"

#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/served_error.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// Source of the format: OpenAI's API reference, "Responses" and "Streaming
// events".

namespace troupe::llm::detail {

namespace {

constexpr std::size_t items_max = 10'000;

usage usage_in(const reply_fields& from) {
  const auto details = from.object_or_null("input_tokens_details");
  return {from.count_or("input_tokens", 0), from.count_or("output_tokens", 0),
          details.count_or("cached_tokens", 0)};
}

bool is_of_type(const json& item, std::string_view type) {
  return text_at(item, "type") == type;
}

void take_message(const reply_fields& item, chat_reply& into) {
  const auto content = item.find("content");
  if (content.form().is_primitive()) {
    into.message.text += text_of_content(content);
    return;
  }
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto part = content.at(i);
    if (!part.form().is_object()) continue;
    const auto type = part.text_or("type", "text");
    if (type == "output_text" || type == "text") {
      into.message.text += text_of_content(part.find("text"));
    } else if (type == "refusal") {
      into.message.text += part.text_or("refusal");
      into.finish = finish_reason::refused;
    }
  }
}

void take_status(const reply_fields& from, chat_reply& into) {
  into.finish_text = from.text_or("status");
  if (into.finish_text.empty() || into.finish_text == "completed") return;
  into.finish = finish_reason::other;
  const auto details = from.object_or_null("incomplete_details");
  if (into.finish_text != "incomplete" || details.is_null()) return;
  into.finish_text = details.text_or("reason", "incomplete");
  if (into.finish_text == "max_output_tokens") {
    into.finish = finish_reason::length;
  } else if (into.finish_text == "content_filter") {
    into.finish = finish_reason::refused;
  }
}

/// Returns whether the same items are made of the text and the calls alone.
bool is_plain(const json& items) {
  bool had_call = false;
  std::size_t texts = 0;
  for (const auto& each : items) {
    if (is_of_type(each, "message")) {
      if (had_call || ++texts > 1) return false;
      const auto unknown =
          unknown_in(each, {"type", "id", "role", "status", "content"});
      if (!unknown.is_null()) return false;
    } else if (is_of_type(each, "function_call")) {
      had_call = true;
      const auto unknown = unknown_in(
          each, {"type", "id", "call_id", "name", "arguments", "status"});
      if (!unknown.is_null()) return false;
    } else {
      return false;
    }
  }
  return true;
}

void take_items(const reply_fields& output, chat_reply& into) {
  for (std::size_t i = 0; i < output.size(); ++i) {
    const auto item = output.at(i);
    if (!item.form().is_object()) continue;
    const auto type =
        item.text_or("type", item.find("content").is_null() ? "" : "message");
    if (type == "message") {
      static_cast<void>(item.at("content"));
      take_message(item, into);
    } else if (type == "function_call") {
      auto& calls = into.message.calls;
      calls.push_back({id_or_made(id_of_call(item), calls.size()),
                       item.at("name").text(),
                       arguments_of(item.find("arguments").form())});
      into.finish = finish_reason::tool_calls;
    }
  }
  if (is_plain(output.form())) return;
  json items = json::array();
  for (const auto& each : output.form()) {
    if (each.is_object()) items.push_back(each);
  }
  into.message.opaque = kept("openai_responses", std::move(items));
}

/// A response whose output is `output`.
chat_reply reply_of(const reply_fields& from, const reply_fields& output) {
  chat_reply reply;
  reply.id = from.id_or_none("id");
  reply.model = from.id_or_none("model");
  take_items(output, reply);
  take_status(from, reply);
  reply.usage = usage_in(from.object_or_null("usage"));
  const bool is_done =
      reply.finish_text.empty() || reply.finish_text == "completed";
  // Some gateways send only the text that kits make of the output.
  const auto text = from.find("output_text");
  if (output.size() == 0 && text.form().is_string()) {
    reply.message.text = text.text();
  } else if (output.size() == 0 && is_done) {
    refuse_empty();
  }
  return reply;
}

}  // namespace

std::string text_of_items(const json& items) {
  chat_reply said;
  const reply_fields list{items};
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (is_of_type(items[i], "message")) take_message(list.at(i), said);
  }
  return said.message.text;
}

std::string id_of_call(const reply_fields& item) {
  auto id = item.id_or_none("call_id");
  return id.empty() ? item.id_or_none("id") : id;
}

bool may_go_back(const json& items, bool is_stored) {
  const auto has = [](const json& item, const char* key) {
    const auto found = item.find(key);
    return found != item.end() && !found->empty() && *found != "";
  };
  return is_stored ||
         std::all_of(items.begin(), items.end(), [&](const json& each) {
           return !is_of_type(each, "reasoning") ||
                  has(each, "encrypted_content") || has(each, "content");
         });
}

chat_reply responses_reply(const reply_fields& from) {
  return reply_of(from, from.at("output"));
}

namespace {

/// The last event has the whole response on most servers, so that the others
/// are only for those who want to see it being made; on some it has no output,
/// which is then made of the others.
class responses_builder_of_events final : public reply_builder {
 public:
  std::string take(const sse_event& event) override;
  bool is_complete() const noexcept override { return is_complete_; }
  bool may_end() const noexcept override { return is_complete_; }
  const std::string& text() const noexcept override { return text_; }
  chat_reply finish() override;

 private:
  /// An item under way.
  struct open_item {
    std::string id;
    json form;
    /// The parts that came of its text, or of its arguments.
    std::string text;
    std::string refusal;
    std::string arguments;
    bool is_done = false;
  };

  [[nodiscard]] open_item& item_of(const reply_fields& event);
  void take_item(const reply_fields& event, bool is_done);
  [[nodiscard]] json items();

  std::string text_;
  std::vector<std::pair<std::uint64_t, open_item>> items_;
  json response_;
  bool is_complete_ = false;
};

std::string responses_builder_of_events::take(const sse_event& event) {
  // Gateways made for OpenAI's other format add this.
  if (ends_stream(event)) {
    is_complete_ = true;
    return {};
  }
  const auto form = reply_in_event(event);
  if (!form) return {};
  const reply_fields fields{*form, event.data};
  const auto type = fields.text_or("type", event.type);
  if (type == "response.output_text.delta" ||
      type == "response.refusal.delta") {
    auto text = text_of_content(fields.at("delta"));
    auto& item = item_of(fields);
    (type == "response.refusal.delta" ? item.refusal : item.text) += text;
    text_ += text;
    return text;
  }
  if (type == "response.output_text.done" && item_of(fields).text.empty()) {
    auto text = text_of_content(fields.find("text"));
    item_of(fields).text = text;
    text_ += text;
    return text;
  }
  if (type == "response.content_part.done" && item_of(fields).text.empty()) {
    const auto part = fields.object_or_null("part");
    auto text = text_of_content(part.find("text"));
    item_of(fields).text = text;
    text_ += text;
    return text;
  }
  if (type == "response.function_call_arguments.delta") {
    item_of(fields).arguments += fields.text_or("delta");
  } else if (type == "response.function_call_arguments.done") {
    const auto whole = fields.find("arguments");
    if (!whole.is_null()) {
      item_of(fields).arguments = text_of_arguments(whole.form());
    }
  } else if (type == "response.output_item.added") {
    take_item(fields, false);
  } else if (type == "response.output_item.done") {
    take_item(fields, true);
  } else if (type == "response.completed" || type == "response.incomplete" ||
             type == "response.done") {
    response_ = fields.object_or_null("response").form();
    is_complete_ = true;
  } else if (type == "response.failed" || type == "response.cancelled") {
    throw error{errc::request_failed, "the server reported an error: " + type};
  }
  return {};
}

responses_builder_of_events::open_item& responses_builder_of_events::item_of(
    const reply_fields& event) {
  const auto index = event.count("output_index");
  auto id = event.id_or_none("item_id");
  if (id.empty()) id = event.object_or_null("item").id_or_none("id");
  for (auto left = items_.size(); left > 0; --left) {
    auto& [place, item] = items_[left - 1];
    const bool is_it = index ? place == *index : id.empty() || item.id == id;
    if (is_it) return item;
  }
  if (items_.size() >= items_max) event.refuse("has too many items");
  items_.emplace_back(index.value_or(items_.size()), open_item{});
  items_.back().second.id = std::move(id);
  return items_.back().second;
}

void responses_builder_of_events::take_item(const reply_fields& event,
                                            bool is_done) {
  const auto item = event.at("item");
  const auto& form = item.form();
  if (!form.is_object()) item.refuse_type("an object");
  auto* into = &item_of(event);
  // Some servers give all the same index.
  if (into->is_done && into->form != form) {
    if (items_.size() >= items_max) event.refuse("has too many items");
    items_.emplace_back(event.count_or("output_index", items_.size()),
                        open_item{});
    into = &items_.back().second;
    into->id = item.id_or_none("id");
  }
  into->form = form;
  into->is_done = is_done;
}

/// The output, as the events before the last one tell it.
json responses_builder_of_events::items() {
  std::stable_sort(items_.begin(), items_.end(),
                   [](const auto& one, const auto& other) {
                     return one.first < other.first;
                   });
  json all = json::array();
  for (auto& [index, each] : items_) {
    auto& form = each.form;
    if (form.is_null()) {
      form = {{"type", each.arguments.empty() ? "message" : "function_call"},
              {"role", "assistant"},
              {"content", json::array()}};
    }
    auto& content = form["content"];
    if (!is_of_type(form, "message")) {
      if (content.is_null()) form.erase("content");
      if (!each.arguments.empty()) form["arguments"] = each.arguments;
    } else if (content.empty()) {
      content = json::array();
      if (!each.text.empty()) {
        content.push_back({{"type", "output_text"}, {"text", each.text}});
      }
      if (!each.refusal.empty()) {
        content.push_back({{"type", "refusal"}, {"refusal", each.refusal}});
      }
    }
    all.push_back(std::move(form));
  }
  items_.clear();
  return all;
}

/// True if `one` has texts or calls where `other` has none.
bool says_more(const json& one, const json& other) {
  const auto calls = [](const json& items) {
    return std::count_if(items.begin(), items.end(), [](const json& each) {
      return is_of_type(each, "function_call");
    });
  };
  return calls(one) > calls(other) ||
         (text_of_items(other).empty() && !text_of_items(one).empty());
}

chat_reply responses_builder_of_events::finish() {
  if (!is_complete_) refuse_incomplete(text_);
  const reply_fields response{response_};
  const auto output = response.find("output");
  const json made = items();
  const bool is_whole = output.form().is_array() && !output.form().empty() &&
                        !says_more(made, output.form());
  return reply_of(response, is_whole ? output : reply_fields{made});
}

}  // namespace

std::unique_ptr<reply_builder> responses_builder() {
  return std::make_unique<responses_builder_of_events>();
}

}  // namespace troupe::llm::detail
