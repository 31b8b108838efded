#include "formats/anthropic_reply.hpp"

#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/served_error.hpp"

#include <algorithm>
#include <map>
#include <utility>

// Source of the format: Anthropic's API reference, "Messages" and "Streaming
// messages".

namespace troupe::llm::detail {

namespace {

constexpr std::size_t blocks_max = 10'000;

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

/// Takes the counts that the fields of `from` have; the others stay.
void take_usage(const reply_fields& from, usage& into) {
  const auto read = from.count_or("cache_read_input_tokens", into.cached);
  const auto written = from.count_or("cache_creation_input_tokens", 0);
  // Cached tokens are not counted as input there, but they are here.
  if (const auto input = from.count("input_tokens")) {
    into.input = *input + read + written;
  }
  into.cached = read;
  into.output = from.count_or("output_tokens", into.output);
}

bool is_of_type(const json& block, std::string_view type) {
  return text_at(block, "type") == type;
}

/// Returns whether the same blocks are made of the text and the calls alone.
bool is_plain(const json& blocks) {
  bool had_call = false;
  std::size_t texts = 0;
  for (const auto& each : blocks) {
    if (is_of_type(each, "text")) {
      if (had_call || ++texts > 1) return false;
      if (!unknown_in(each, {"type", "text"}).is_null()) return false;
    } else if (is_of_type(each, "tool_use")) {
      had_call = true;
      if (!unknown_in(each, {"type", "id", "name", "input"}).is_null()) {
        return false;
      }
    } else {
      return false;
    }
  }
  return true;
}

/// A block without a type that has a text is text.
std::string type_of(const reply_fields& block) {
  if (!block.form().is_object()) return {};
  const auto& text = block.find("text").form();
  const bool has_text = text.is_primitive() && !text.is_null();
  return block.text_or("type", has_text ? "text" : "");
}

void take_block(const reply_fields& block, chat_reply& into) {
  const auto type = type_of(block);
  if (type == "text") {
    // Null is none, but it has to be there.
    into.message.text += block.form().contains("text")
                             ? text_of_content(block.find("text"))
                             : block.at("text").text();
  } else if (type == "tool_use") {
    auto& calls = into.message.calls;
    calls.push_back({id_or_made(block.id_or_none("id"), calls.size()),
                     block.at("name").text(),
                     arguments_of(block.find("input").form())});
  }
}

/// Also of a reply whose content is only text, as some servers write it.
void take_content(const reply_fields& content, chat_reply& into) {
  if (content.form().is_primitive()) {
    into.message.text = text_of_content(content);
    return;
  }
  if (content.form().is_object()) {
    take_block(content, into);
    return;
  }
  for (std::size_t i = 0; i < content.size(); ++i) {
    take_block(content.at(i), into);
  }
  if (!is_plain(content.form())) {
    into.message.opaque = kept("anthropic_messages", content.form());
  }
}

/// Some servers say that the turn is over though there are calls.
void mind_calls(chat_reply& reply) {
  if (!reply.message.calls.empty() && reply.finish == finish_reason::stop) {
    reply.finish = finish_reason::tool_calls;
  }
}

std::string text_in(const json& blocks) {
  std::string text;
  for (const auto& each : blocks) {
    if (is_of_type(each, "text")) text += text_at(each, "text");
  }
  return text;
}

json input_of(const json& arguments) {
  if (arguments.is_object()) return arguments;
  // The format takes nothing but objects.
  return arguments.is_null() ? json::object() : json{{"text", arguments}};
}

/// Null is how a server says that there is none, not what it takes.
json without_null(const json& block) {
  json form = json::object();
  for (const auto& [key, value] : block.items()) {
    if (!value.is_null()) form[key] = value;
  }
  return form;
}

}  // namespace

json anthropic_block_of(const tool_call& from) {
  return {{"type", "tool_use"},
          {"id", from.id},
          {"name", from.name},
          {"input", input_of(from.arguments)}};
}

json anthropic_blocks_of(const message& from, const json& as_they_came) {
  json blocks = json::array();
  const auto add_text = [&](const std::string& text) {
    if (!text.empty()) blocks.push_back({{"type", "text"}, {"text", text}});
  };
  const bool is_changed = text_in(as_they_came) != from.text;
  bool has_text = !is_changed;
  std::vector<const tool_call*> left;
  for (const auto& each : from.calls) left.push_back(&each);
  for (const auto& each : as_they_came) {
    if (is_of_type(each, "text")) {
      if (is_changed) {
        if (!std::exchange(has_text, true)) add_text(from.text);
      } else if (!text_at(each, "text").empty()) {
        blocks.push_back(without_null(each));
      }
    } else if (is_of_type(each, "tool_use")) {
      const auto id = text_at(each, "id");
      const auto found =
          std::find_if(left.begin(), left.end(),
                       [&](const auto* call) { return call->id == id; });
      if (found == left.end()) continue;
      auto block = without_null(each);
      block.update(anthropic_block_of(**found));
      blocks.push_back(std::move(block));
      left.erase(found);
    } else if (each.is_object()) {
      blocks.push_back(without_null(each));
    }
  }
  if (!has_text) add_text(from.text);
  for (const auto* each : left) blocks.push_back(anthropic_block_of(*each));
  return blocks;
}

chat_reply anthropic_reply(const reply_fields& from) {
  chat_reply reply;
  reply.id = from.id_or_none("id");
  reply.model = from.id_or_none("model");
  const auto content = from.find("content");
  // Null is none; a reply that says nothing at all is no reply.
  take_content(
      from.find("stop_reason").is_null() ? from.at("content") : content, reply);
  reply.finish_text = from.text_or("stop_reason");
  reply.finish = reason_of(reply.finish_text);
  mind_calls(reply);
  take_usage(from.object_or_null("usage"), reply.usage);
  return reply;
}

namespace {

/// Of one that does not say it too.
std::string type_of_delta(const reply_fields& delta) {
  if (delta.find("type").form().is_string()) return delta.text_or("type");
  if (!delta.find("text").is_null()) return "text_delta";
  return delta.find("partial_json").is_null() ? "" : "input_json_delta";
}

class messages_builder final : public reply_builder {
 public:
  std::string take(const sse_event& event) override;
  bool is_complete() const noexcept override { return is_complete_; }
  bool may_end() const noexcept override {
    return is_complete_ || !reply_.finish_text.empty();
  }
  const std::string& text() const noexcept override { return text_; }
  chat_reply finish() override;

 private:
  /// A block under way, with the text of its input.
  struct open_block {
    json form;
    std::string input;
  };

  void begin(const reply_fields& message);
  std::string begin_block(const reply_fields& event);
  std::string take_delta(const reply_fields& event);
  [[nodiscard]] open_block* block_of(const reply_fields& event);

  chat_reply reply_;
  /// All text so far.
  std::string text_;
  /// The content that the message began with.
  json begun_with_;
  /// Of whatever type they are.
  std::vector<open_block> blocks_;
  /// The position of the last block with an index.
  std::map<std::uint64_t, std::size_t> places_;
  bool is_complete_ = false;
};

std::string messages_builder::take(const sse_event& event) {
  // Gateways made for OpenAI's formats add this.
  if (ends_stream(event)) {
    is_complete_ = true;
    return {};
  }
  const auto form = reply_in_event(event);
  if (!form) return {};
  const reply_fields fields{*form, event.data};
  const auto type = fields.text_or("type", event.type);
  if (type == "message_start") {
    begin(fields.object_or_null("message"));
  } else if (type == "content_block_start") {
    return begin_block(fields);
  } else if (type == "content_block_delta") {
    return take_delta(fields);
  } else if (type == "message_delta") {
    const auto reason = fields.object_or_null("delta").text_or("stop_reason");
    if (!reason.empty()) {
      reply_.finish_text = reason;
      reply_.finish = reason_of(reason);
    }
    take_usage(fields.object_or_null("usage"), reply_.usage);
  } else if (type == "message_stop") {
    is_complete_ = true;
  }
  // Others, "ping" among them, are for others.
  return {};
}

void messages_builder::begin(const reply_fields& message) {
  reply_.id = message.id_or_none("id");
  reply_.model = message.id_or_none("model");
  take_usage(message.object_or_null("usage"), reply_.usage);
  begun_with_ = message.find("content").form();
}

/// The block that an event is about, or null where that never began.
messages_builder::open_block* messages_builder::block_of(
    const reply_fields& event) {
  const auto index = event.count("index");
  if (!index) return blocks_.empty() ? nullptr : &blocks_.back();
  const auto found = places_.find(*index);
  return found == places_.end() ? nullptr : &blocks_[found->second];
}

std::string messages_builder::begin_block(const reply_fields& event) {
  const auto block = event.object_or_null("content_block");
  if (blocks_.size() >= blocks_max) event.refuse("begins too many blocks");
  places_[event.count_or("index", blocks_.size())] = blocks_.size();
  blocks_.push_back({block.form(), {}});
  auto& form = blocks_.back().form;
  // A block that does not say its type is text.
  if (form.is_null()) form = json::object();
  if (!form.contains("type")) form["type"] = "text";
  if (!is_of_type(form, "text")) return {};
  auto text = text_of_content(block.find("text"));
  form["text"] = text;
  text_ += text;
  return text;
}

std::string messages_builder::take_delta(const reply_fields& event) {
  const auto delta = event.at("delta");
  const auto type = type_of_delta(delta);
  auto* found = block_of(event);
  if (type == "text_delta") {
    if (found == nullptr) {
      const json begun{{"index", event.count_or("index", blocks_.size())},
                       {"content_block", {{"type", "text"}}}};
      static_cast<void>(begin_block(reply_fields{begun}));
      found = &blocks_.back();
    }
    auto text = text_of_content(delta.find("text"));
    text_ += text;
    merge_piece(found->form["text"], json(text), "text");
    return text;
  }
  if (found == nullptr) return {};
  auto& block = *found;
  if (type == "input_json_delta") {
    const auto& part = delta.find("partial_json").form();
    block.input += part.is_string() || part.is_null()
                       ? delta.text_or("partial_json")
                       : write_json(part, bad_text::replaced);
  } else if (type == "citations_delta") {
    auto& all = block.form["citations"];
    if (!all.is_array()) all = json::array();
    all.push_back(delta.find("citation").form());
  } else {
    for (const auto& [key, value] : delta.form().items()) {
      if (key != "type") merge_piece(block.form[key], value, key);
    }
  }
  return {};
}

chat_reply messages_builder::finish() {
  if (!may_end()) refuse_incomplete(text_);
  if (blocks_.empty() && reply_.finish_text.empty()) refuse_empty();
  // Some gateways have all in the first event.
  json content = json::array();
  if (blocks_.empty() && begun_with_.is_array()) content = begun_with_;
  for (auto& each : blocks_) {
    if (!trimmed(each.input).empty()) {
      each.form["input"] = arguments_in(each.input);
    }
    content.push_back(std::move(each.form));
  }
  blocks_.clear();
  if (!content.empty()) take_content(reply_fields{content}, reply_);
  mind_calls(reply_);
  return reply_;
}

}  // namespace

std::unique_ptr<reply_builder> anthropic_builder() {
  return std::make_unique<messages_builder>();
}

}  // namespace troupe::llm::detail
