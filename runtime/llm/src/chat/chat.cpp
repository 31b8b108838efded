#include "troupe/llm/chat.hpp"

#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace troupe::llm {

namespace {

constexpr std::array<std::string_view, 4> roles = {"system", "user",
                                                   "assistant", "tool"};
constexpr std::array<std::string_view, 5> reasons = {
    "stop", "length", "tool_calls", "refused", "other"};

template <class Enum, std::size_t N>
Enum named(const json& name, const std::array<std::string_view, N>& names) {
  const auto& text = name.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    throw error{errc::bad_value,
                "unknown name '" + printable(cut(text, 100)) + "'"};
  }
  return static_cast<Enum>(found - names.begin());
}

/// A member that is left out where it says nothing.
template <class T>
void put(json& form, const char* key, const T& from) {
  if (!from.empty()) form[key] = from;
}

template <class T>
void take(const json& form, const char* key, T& into) {
  if (const auto found = form.find(key); found != form.end()) {
    found->get_to(into);
  }
}

std::uint64_t sum_of(std::uint64_t one, std::uint64_t other) noexcept {
  const auto sum = one + other;
  return sum < one ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

message message::system(std::string text) {
  return {.role = role::system, .text = std::move(text)};
}

message message::user(std::string text) {
  return {.role = role::user, .text = std::move(text)};
}

message message::assistant(std::string text) {
  return {.role = role::assistant, .text = std::move(text)};
}

message message::tool(std::string call_id, std::string text) {
  return {.role = role::tool,
          .text = std::move(text),
          .call_id = std::move(call_id)};
}

usage& usage::operator+=(const usage& other) noexcept {
  input = sum_of(input, other.input);
  output = sum_of(output, other.output);
  cached = sum_of(cached, other.cached);
  return *this;
}

std::string_view to_string(role who) noexcept {
  return roles[static_cast<std::size_t>(who)];
}

std::string_view to_string(finish_reason why) noexcept {
  return reasons[static_cast<std::size_t>(why)];
}

// -- JSON ---------------------------------------------------------------------

void to_json(json& form, const image& from) {
  form = json::object();
  put(form, "url", from.url);
  put(form, "data", from.data);
  put(form, "media_type", from.media_type);
}

void from_json(const json& form, image& into) {
  into = {};
  take(form, "url", into.url);
  take(form, "data", into.data);
  take(form, "media_type", into.media_type);
}

void to_json(json& form, const server_content& from) {
  form = {{"format", from.format}, {"content", from.content}};
}

void from_json(const json& form, server_content& into) {
  form.at("format").get_to(into.format);
  into.content = form.at("content");
}

void to_json(json& form, const tool_call& from) {
  form = {{"id", from.id}, {"name", from.name}, {"arguments", from.arguments}};
  put(form, "opaque", from.opaque);
}

void from_json(const json& form, tool_call& into) {
  form.at("id").get_to(into.id);
  form.at("name").get_to(into.name);
  into.arguments = form.at("arguments");
  into.opaque = {};
  take(form, "opaque", into.opaque);
}

void to_json(json& form, const message& from) {
  form = {{"role", to_string(from.role)}, {"text", from.text}};
  put(form, "images", from.images);
  put(form, "calls", from.calls);
  put(form, "call_id", from.call_id);
  if (from.is_error) form["is_error"] = true;
  put(form, "opaque", from.opaque);
}

void from_json(const json& form, message& into) {
  into = {.role = named<role>(form.at("role"), roles)};
  take(form, "text", into.text);
  take(form, "images", into.images);
  take(form, "calls", into.calls);
  take(form, "call_id", into.call_id);
  take(form, "is_error", into.is_error);
  take(form, "opaque", into.opaque);
}

void to_json(json& form, const usage& from) {
  form = {
      {"input", from.input}, {"output", from.output}, {"cached", from.cached}};
}

void from_json(const json& form, usage& into) {
  form.at("input").get_to(into.input);
  form.at("output").get_to(into.output);
  form.at("cached").get_to(into.cached);
}

void to_json(json& form, const chat_reply& from) {
  form = {{"id", from.id},
          {"model", from.model},
          {"message", from.message},
          {"finish", to_string(from.finish)},
          {"finish_text", from.finish_text},
          {"usage", from.usage}};
}

void from_json(const json& form, chat_reply& into) {
  form.at("id").get_to(into.id);
  form.at("model").get_to(into.model);
  form.at("message").get_to(into.message);
  into.finish = named<finish_reason>(form.at("finish"), reasons);
  form.at("finish_text").get_to(into.finish_text);
  form.at("usage").get_to(into.usage);
}

}  // namespace troupe::llm
