#include "reply_fields.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace troupe::llm::detail {

namespace {

const json nothing = nullptr;
constexpr std::size_t name_max = 64;

void check_name(const std::string& name, const char* whose) {
  if (is_name(name)) return;
  refuse_request(std::string{whose} + " '" + name.substr(0, name_max) +
                 "' must have 1 to 64 letters, digits, '_' and '-'");
}

bool is_choice(const chat_request& asked) {
  static constexpr std::array<std::string_view, 4> known = {"", "auto", "none",
                                                            "required"};
  if (std::find(known.begin(), known.end(), asked.tool_choice) != known.end()) {
    return true;
  }
  return std::any_of(
      asked.tools.begin(), asked.tools.end(),
      [&](const auto& each) { return each.name == asked.tool_choice; });
}

}  // namespace

json parsed(std::string_view text, std::string_view what) {
  auto form = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!form.is_discarded()) return form;
  throw error{errc::bad_reply, std::string{what} + " is no JSON; it has " +
                                   std::to_string(text.size()) + " bytes"};
}

json arguments_in(std::string_view text) {
  // Some servers leave them out where there are none.
  if (text.empty()) return json::object();
  auto form = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return form.is_discarded() ? json(std::string{text}) : form;
}

reply_fields reply_fields::at(const char* key) const {
  const auto found = find(key);
  if (found.is_null()) found.refuse("is missing");
  return found;
}

reply_fields reply_fields::at(std::size_t index) const {
  if (index >= size()) refuse("is too short");
  return below((*form_)[index], {nullptr, index});
}

reply_fields reply_fields::find(const char* key) const {
  if (!form_->is_object()) refuse("is no object");
  const auto found = form_->find(key);
  return below(found == form_->end() ? nothing : *found, {key, 0});
}

std::size_t reply_fields::size() const {
  if (is_null()) return 0;
  if (!form_->is_array()) refuse("is no list");
  return form_->size();
}

const std::string& reply_fields::text() const {
  if (!form_->is_string()) refuse("is no text");
  return form_->get_ref<const std::string&>();
}

std::string reply_fields::text_or(const char* key, std::string fallback) const {
  const auto found = find(key);
  return found.is_null() ? std::move(fallback) : found.text();
}

std::uint64_t reply_fields::count_or(const char* key,
                                     std::uint64_t fallback) const {
  const auto found = find(key);
  if (found.is_null()) return fallback;
  if (!found.form().is_number() || found.form().get<double>() < 0 ||
      found.form().get<double>() > 1e18) {
    found.refuse("is no count");
  }
  return found.form().get<std::uint64_t>();
}

void reply_fields::refuse(std::string_view what) const {
  throw error{errc::bad_reply, "the server's reply makes no sense: " +
                                   (step_count_ == 0 ? "it" : place()) + " " +
                                   std::string{what}};
}

reply_fields reply_fields::below(const json& form, step taken) const {
  reply_fields found{form};
  const std::size_t kept = std::min(step_count_, steps_max - 1);
  std::copy_n(steps_.begin(), kept, found.steps_.begin());
  found.steps_[kept] = taken;
  found.step_count_ = kept + 1;
  return found;
}

std::string reply_fields::place() const {
  std::string words;
  for (std::size_t i = 0; i < step_count_; ++i) {
    const auto& [key, index] = steps_[i];
    words += "/" + (key == nullptr ? std::to_string(index) : key);
  }
  return words;
}

void refuse_incomplete(const std::string& text) {
  throw error{errc::bad_reply, "the reply is not complete: it has " +
                                   std::to_string(text.size()) +
                                   " bytes of text so far"};
}

// -- requests -----------------------------------------------------------------

bool is_name(std::string_view text) {
  const auto fits = [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '_' || each == '-';
  };
  return !text.empty() && text.size() <= name_max &&
         std::all_of(text.begin(), text.end(), fits);
}

void refuse_request(const std::string& what) {
  throw error{errc::bad_value, what}.permanent();
}

void check(const chat_request& asked) {
  if (asked.messages.empty()) refuse_request("a request has no messages");
  if (asked.temperature &&
      !(*asked.temperature >= 0 && std::isfinite(*asked.temperature))) {
    refuse_request("temperature must not be negative");
  }
  if (asked.max_tokens == 0u) refuse_request("max_tokens must be at least 1");
  for (const auto& each : asked.tools) check_name(each.name, "the tool");
  if (asked.reply_as) check_name(asked.reply_as->name, "the reply schema");
  if (!is_choice(asked)) {
    refuse_request("tool_choice '" + asked.tool_choice.substr(0, name_max) +
                   "' is neither auto, none, required nor a tool");
  }
  if (!asked.extra.is_object()) refuse_request("extra must be an object");
  for (const auto& each : asked.messages) {
    if (each.role == role::tool && each.call_id.empty()) {
      refuse_request("the message of a tool has no call_id");
    }
    if (each.role != role::user && !each.images.empty()) {
      refuse_request("only a message of the user can have images");
    }
    if (each.role != role::assistant && !each.calls.empty()) {
      refuse_request("only a message of the assistant can have calls");
    }
    for (const auto& picture : each.images) {
      if (picture.url.empty() == picture.data.empty()) {
        refuse_request("an image must have either a url or data");
      }
      if (!picture.data.empty() && picture.media_type.empty()) {
        refuse_request("an image with data must have a media_type");
      }
    }
  }
}

std::string body_of(json form, const json& extra) {
  // A merge patch: null takes a field away.
  form.merge_patch(extra);
  try {
    return form.dump();
  } catch (const json::exception&) {
    refuse_request("a request has text that is not UTF-8");
  }
}

std::string told_by_tool(const message& from) {
  return from.is_error ? "Error: " + from.text : from.text;
}

std::vector<http_header> openai_headers(const endpoint& at, bool stream) {
  std::vector<http_header> headers{
      {"content-type", "application/json"},
      {"accept", stream ? "text/event-stream" : "application/json"}};
  if (!at.api_key.empty()) {
    headers.push_back({"authorization", "Bearer " + at.api_key});
  }
  return headers;
}

std::string joined(std::string_view base, std::string_view path) {
  while (!base.empty() && base.back() == '/') base.remove_suffix(1);
  return std::string{base} + std::string{path};
}

std::string next_page(std::string address, std::string_view after) {
  if (after.empty()) return address;
  address += address.find('?') == address.npos ? "?after_id=" : "&after_id=";
  // RFC 3986, 2.3: what needs no escape.
  constexpr std::string_view plain = "-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char each : after) {
    const auto byte = static_cast<unsigned char>(each);
    if (std::isalnum(byte) != 0 || plain.find(each) != plain.npos) {
      address += each;
    } else {
      address += '%';
      address += digits[byte >> 4U];
      address += digits[byte & 15U];
    }
  }
  return address;
}

}  // namespace troupe::llm::detail
