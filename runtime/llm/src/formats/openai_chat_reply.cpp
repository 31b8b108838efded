#include "formats/openai_chat_reply.hpp"

#include "replies/kept_content.hpp"
#include "replies/reply_events.hpp"
#include "replies/served_error.hpp"
#include "replies/streamed_calls.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

// Source of the format: OpenAI's API reference, "Chat completions"; and what
// llama.cpp, Ollama, vLLM, Gemini, DeepSeek, Mistral and OpenRouter make of it.

namespace troupe::llm::detail {

namespace {

/// Gateways hand on the names of the servers behind them, in capitals too.
finish_reason reason_of(std::string text) {
  for (char& each : text) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  if (text.empty()) return finish_reason::stop;
  static constexpr std::array<std::pair<std::string_view, finish_reason>, 19>
      known = {{{"stop", finish_reason::stop},
                {"end_turn", finish_reason::stop},
                {"eos", finish_reason::stop},
                {"eos_token", finish_reason::stop},
                {"complete", finish_reason::stop},
                {"stop_sequence", finish_reason::stop},
                {"length", finish_reason::length},
                {"max_tokens", finish_reason::length},
                {"max_output_tokens", finish_reason::length},
                {"tool_calls", finish_reason::tool_calls},
                {"tool_use", finish_reason::tool_calls},
                {"function_call", finish_reason::tool_calls},
                {"content_filter", finish_reason::refused},
                {"safety", finish_reason::refused},
                {"sensitive", finish_reason::refused},
                {"content_filtered", finish_reason::refused},
                {"prohibited_content", finish_reason::refused},
                {"recitation", finish_reason::refused},
                {"refusal", finish_reason::refused}}};
  const auto* found =
      std::find_if(known.begin(), known.end(),
                   [&](const auto& each) { return each.first == text; });
  return found == known.end() ? finish_reason::other : found->second;
}

usage usage_in(const reply_fields& from) {
  const auto details = from.object_or_null("prompt_tokens_details");
  // DeepSeek and Moonshot count what was cached beside the rest.
  const auto cached = from.count_or("prompt_cache_hit_tokens",
                                    from.count_or("cached_tokens", 0));
  // Some gateways use the names of other formats.
  return {from.count_or("prompt_tokens", from.count_or("input_tokens", 0)),
          from.count_or("completion_tokens", from.count_or("output_tokens", 0)),
          details.count_or("cached_tokens", cached)};
}

/// The usage of a reply or an event, where servers have it; null where they do
/// not.
reply_fields counted_in(const reply_fields& from) {
  const auto plain = from.object_or_null("usage");
  const bool is_there = !plain.is_null() && !plain.form().empty();
  return is_there ? plain
                  : from.object_or_null("x_groq").object_or_null("usage");
}

/// Returns the unknown members of a message, which are kept.
json unknown_of_message(const json& said) {
  return unknown_in(
      said, {"role", "content", "tool_calls", "function_call", "refusal"});
}

/// The calls, where a server has but one in the form of before there could be
/// several in one like the others.
json old_call_in(const reply_fields& said) {
  const auto old = said.object_or_null("function_call");
  const bool is_new = !said.find("tool_calls").form().empty();
  if (is_new || old.form().empty()) return nullptr;
  return json::array({{{"function", old.form()}}});
}

bool is_plain(const json& part) {
  if (!part.is_object()) return part.is_string();
  return part.value("type", json("text")) == "text";
}

/// Returns whether a list of parts has something besides text.
bool has_more_than_text(const json& content) {
  return content.is_array() &&
         !std::all_of(content.begin(), content.end(), is_plain);
}

/// A refusal, also as a part of the content.
std::string refusal_in(const reply_fields& said) {
  auto refusal = said.text_or("refusal");
  const auto content = said.find("content");
  if (!refusal.empty() || !content.form().is_array()) return refusal;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto part = content.at(i);
    if (part.form().is_object() && text_at(part.form(), "type") == "refusal") {
      refusal += part.text_or("refusal");
    }
  }
  return refusal;
}

/// A refusal stands in the place of the text.
std::string take_refusal(const reply_fields& from, chat_reply& into) {
  auto refusal = refusal_in(from);
  if (refusal.empty()) return refusal;
  into.message.text += refusal;
  into.finish = finish_reason::refused;
  return refusal;
}

/// Some servers say "stop" though there are calls.
void mind_calls(chat_reply& reply) {
  if (!reply.message.calls.empty() && reply.finish == finish_reason::stop) {
    reply.finish = finish_reason::tool_calls;
  }
}

/// The choice that is asked for; with "n" there are others.
reply_fields first_choice(const reply_fields& choices) {
  if (choices.form().is_object()) return choices;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto each = choices.at(i);
    if (each.count("index") == std::uint64_t{0}) return each;
  }
  return choices.at(std::size_t{0});
}

}  // namespace

chat_reply openai_chat_reply(const reply_fields& from) {
  chat_reply reply;
  reply.id = from.id_or_none("id");
  reply.model = from.id_or_none("model");
  const auto choice = first_choice(from.at("choices"));
  reply.finish_text = choice.id_or_none("finish_reason");
  reply.finish = reason_of(reply.finish_text);
  reply.usage = usage_in(counted_in(from));
  // A completion of a text is no message.
  if (choice.find("message").is_null() &&
      choice.find("text").form().is_string()) {
    reply.message.text = choice.text_or("text");
    return reply;
  }
  const auto piece = choice.object_or_null("delta");
  const auto said = piece.is_null() ? choice.at("message") : piece;
  const auto content = said.find("content");
  reply.message.text = text_of_content(content);
  static_cast<void>(take_refusal(said, reply));
  const auto old = old_call_in(said);
  reply.message.calls =
      calls_in(old.is_null() ? said.find("tool_calls") : reply_fields{old});
  json unknown = unknown_of_message(said.form());
  if (has_more_than_text(content.form())) unknown["content"] = content.form();
  reply.message.opaque = kept("openai_chat", std::move(unknown));
  mind_calls(reply);
  return reply;
}

namespace {

class chat_builder final : public reply_builder {
 public:
  std::string take(const sse_event& event) override;
  bool is_complete() const noexcept override { return is_complete_; }
  bool may_end() const noexcept override {
    return is_complete_ || !reply_.finish_text.empty() ||
           (other_ && other_->may_end());
  }
  const std::string& text() const noexcept override {
    return other_ ? other_->text() : reply_.message.text;
  }
  chat_reply finish() override;

 private:
  [[nodiscard]] chat_builder* builder_of(const reply_fields& choice);
  std::string take_choice(const reply_fields& choice);
  std::string take_content(const reply_fields& content);
  [[nodiscard]] bool is_empty() const noexcept {
    return reply_.finish_text.empty() && reply_.message.text.empty() &&
           calls_.empty() && unknown_.empty() && parts_.empty();
  }

  chat_reply reply_;
  streamed_calls calls_;
  json unknown_;
  /// The content in parts, once one of them is not text.
  json parts_;
  bool is_complete_ = false;
  bool has_first_ = false;
  /// Makes the first other choice, as long as there is none of index 0: some
  /// servers have one choice of another index.
  std::unique_ptr<chat_builder> other_;
  std::uint64_t other_index_ = 0;
};

/// The one that makes a choice; null for one that does not matter.
chat_builder* chat_builder::builder_of(const reply_fields& choice) {
  const auto index = choice.count_or("index", 0);
  if (index == 0) {
    has_first_ = true;
    other_ = nullptr;
    return this;
  }
  if (has_first_ || (other_ && other_index_ != index)) return nullptr;
  other_index_ = index;
  if (!other_) other_ = std::make_unique<chat_builder>();
  return other_.get();
}

std::string chat_builder::take(const sse_event& event) {
  if (is_complete_) return {};
  if (ends_stream(event)) {
    is_complete_ = true;
    return {};
  }
  const auto form = reply_in_event(event);
  if (!form) return {};
  const reply_fields chunk{*form, event.data};
  if (reply_.id.empty()) reply_.id = chunk.id_or_none("id");
  if (reply_.model.empty()) reply_.model = chunk.id_or_none("model");
  auto counted = counted_in(chunk);
  const auto choices = chunk.find("choices");
  std::string text;
  bool is_taken = false;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto choice = choices.at(i);
    if (choice.is_null()) continue;
    auto* into = builder_of(choice);
    if (into == nullptr) continue;
    // Without an index there is one.
    if (std::exchange(is_taken, true) && !choice.count("index")) continue;
    auto said = into->take_choice(choice);
    if (into != this) continue;
    text += said;
    // Moonshot counts there.
    if (counted.is_null()) counted = choice.object_or_null("usage");
  }
  if (!counted.is_null() && !counted.form().empty()) {
    reply_.usage = usage_in(counted);
  }
  return text;
}

std::string chat_builder::take_choice(const reply_fields& choice) {
  auto delta = choice.object_or_null("delta");
  // A whole reply in one event.
  if (delta.is_null() && is_empty()) delta = choice.object_or_null("message");
  const auto reason = choice.id_or_none("finish_reason");
  if (!reason.empty()) {
    reply_.finish_text = reason;
    if (reply_.finish != finish_reason::refused) {
      reply_.finish = reason_of(reason);
    }
  }
  if (delta.is_null()) {
    const auto said = choice.find("delta");
    auto text = text_of_content(said.is_null() ? choice.find("text") : said);
    reply_.message.text += text;
    return text;
  }
  const auto old = old_call_in(delta);
  calls_.take(old.is_null() ? delta.find("tool_calls") : reply_fields{old});
  auto text = take_refusal(delta, reply_);
  text += take_content(delta.find("content"));
  const auto unknown = unknown_of_message(delta.form());
  if (!unknown.is_null()) merge_piece(unknown_, unknown, {});
  return text;
}

std::string chat_builder::take_content(const reply_fields& content) {
  auto text = text_of_content(content);
  const auto& form = content.form();
  if (parts_.empty() && has_more_than_text(form) &&
      !reply_.message.text.empty()) {
    parts_ = json::array({{{"type", "text"}, {"text", reply_.message.text}}});
  }
  reply_.message.text += text;
  if (form.is_array() && (!parts_.empty() || has_more_than_text(form))) {
    merge_piece(parts_, form, {});
  } else if (!parts_.empty() && !text.empty()) {
    merge_piece(parts_, json::array({{{"type", "text"}, {"text", text}}}), {});
  }
  return text;
}

chat_reply chat_builder::finish() {
  if (!may_end()) refuse_incomplete(text());
  if (other_) {
    other_->is_complete_ = true;
    auto made = other_->finish();
    made.id = reply_.id;
    made.model = reply_.model;
    made.usage = reply_.usage;
    return made;
  }
  if (is_empty()) refuse_empty();
  for (auto& each : calls_.finish()) {
    reply_.message.calls.push_back(std::move(each));
  }
  if (!parts_.empty()) unknown_["content"] = std::move(parts_);
  if (!unknown_.empty()) {
    reply_.message.opaque = kept("openai_chat", std::move(unknown_));
  }
  parts_ = nullptr;
  unknown_ = nullptr;
  mind_calls(reply_);
  return reply_;
}

}  // namespace

std::unique_ptr<reply_builder> openai_chat_builder() {
  return std::make_unique<chat_builder>();
}

}  // namespace troupe::llm::detail
