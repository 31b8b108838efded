#include "replies/reply_fields.hpp"

#include "text/json_mending.hpp"
#include "text/shown_value.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace troupe::llm::detail {

namespace {

const json nothing = nullptr;
constexpr std::size_t name_max = 64;
constexpr std::size_t shown_max = 500;
/// More tokens than there are, but few enough to be added up.
constexpr double count_max = 1e12;
/// The names that some servers give to the token of a page; see
/// `model_page::next`.
constexpr std::array<std::string_view, 2> page_keys = {"pageToken=",
                                                       "page_token="};

/// Returns the beginning of a text, for an error that says that it is not what
/// it should be.
std::string beginning(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  return " and begins with '" +
         printable(text, line_breaks::joined, shown_max) + "'";
}

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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const auto first = text.find_first_not_of(spaces);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

json parsed(std::string_view text, std::string_view what,
            const json_bounds& limits) {
  try {
    return is_utf8(text) ? read_json(text, limits)
                         : read_json(as_utf8(text), limits);
  } catch (const error& why) {
    constexpr std::string_view refused = "JSON is refused";
    if (why.message().starts_with(refused)) {
      throw error{errc::bad_reply, std::string{what} + " is refused" +
                                       why.message().substr(refused.size())};
    }
    if (auto mended = try_read_json(mended_json(text), limits)) {
      return std::move(*mended);
    }
    throw error{errc::bad_reply, std::string{what} + " is not JSON; it has " +
                                     std::to_string(text.size()) + " bytes" +
                                     beginning(text)};
  }
}

namespace {

/// Without the marks of a block of code around it, which models write.
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view fence = "```";
  text = trimmed(text);
  if (!text.starts_with(fence) || !text.ends_with(fence)) return text;
  const auto first = text.find_first_of("{\n");
  const auto last = text.find_last_of("}\n");
  if (first == text.npos || last <= first) return text;
  return text.substr(first, last - first + 1);
}

bool is_python_none(std::string_view text) { return trimmed(text) == "None"; }

}  // namespace

json arguments_in(std::string_view text) {
  // Some servers leave them out where there are none.
  if (trimmed(text).empty()) return json::object();
  auto form = try_read_json(text, reply_bounds);
  if (!form)
    form = try_read_json(mended_json(without_fence(text)), reply_bounds);
  if (!form) return is_python_none(text) ? json::object() : json(text);
  if (form->is_null()) return json::object();
  // Some models write them as text in text.
  if (form->is_string()) {
    auto inner =
        try_read_json(form->get_ref<const std::string&>(), reply_bounds);
    if (inner && inner->is_object()) return std::move(*inner);
  }
  return std::move(*form);
}

json arguments_of(const json& form) {
  if (form.is_string()) return arguments_in(form.get_ref<const std::string&>());
  return form.is_null() ? json::object() : form;
}

std::string text_of_arguments(const json& arguments) {
  if (arguments.is_null()) return "{}";
  // Text that was not JSON goes back as it came.
  if (arguments.is_string()) {
    const auto& text = arguments.get_ref<const std::string&>();
    const auto bare = trimmed(text);
    return bare.empty() || bare == "null" ? "{}" : text;
  }
  return write_json(arguments, bad_text::replaced);
}

reply_fields reply_fields::at(const char* key) const {
  const auto found = find(key);
  if (found.is_null()) found.refuse("is missing");
  return found;
}

reply_fields reply_fields::at(std::size_t index) const {
  if (index >= size()) {
    refuse("has only " + std::to_string(size()) + " elements");
  }
  return below((*form_)[index], {nullptr, index});
}

reply_fields reply_fields::find(const char* key) const {
  if (is_null()) return below(nothing, {key, 0});
  if (!form_->is_object()) refuse_type("an object");
  const auto found = form_->find(key);
  return below(found == form_->end() ? nothing : *found, {key, 0});
}

std::size_t reply_fields::size() const {
  if (is_null()) return 0;
  if (!form_->is_array()) refuse_type("an array");
  return form_->size();
}

const std::string& reply_fields::text() const {
  if (!form_->is_string()) refuse_type("a string");
  return form_->get_ref<const std::string&>();
}

std::string reply_fields::text_or(const char* key, std::string fallback) const {
  const auto found = find(key);
  return found.is_null() ? std::move(fallback) : found.text();
}

std::string reply_fields::id_or_none(const char* key) const {
  const auto found = find(key);
  if (found.form().is_string()) return found.text();
  return found.form().is_number() ? write_json(found.form()) : std::string{};
}

reply_fields reply_fields::object_or_null(const char* key) const noexcept {
  const json* found = &nothing;
  if (form_->is_object()) {
    const auto place = form_->find(key);
    if (place != form_->end() && place->is_object()) found = &*place;
  }
  return below(*found, {key, 0});
}

std::optional<std::uint64_t> reply_fields::count(
    const char* key) const noexcept {
  if (!form_->is_object()) return std::nullopt;
  const auto found = form_->find(key);
  if (found == form_->end()) return std::nullopt;
  double number = 0;
  if (found->is_number()) {
    number = found->get<double>();
  } else if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop != end) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!(number >= 0 && number <= count_max)) return 0;
  return static_cast<std::uint64_t>(number);
}

std::uint64_t reply_fields::count_or(const char* key,
                                     std::uint64_t fallback) const noexcept {
  return count(key).value_or(fallback);
}

void reply_fields::refuse_type(const std::string& wanted) const {
  refuse("must be " + wanted + ", got " + shown_value(*form_));
}

void reply_fields::refuse(std::string_view what) const {
  throw error{
      errc::bad_reply,
      "invalid reply from the server: " + (step_count_ == 0 ? "it" : place()) +
          " " + std::string{what} +
          (step_count_ <= 1 && !source_.empty()
               ? "; the reply has " + std::to_string(source_.size()) +
                     " bytes" + beginning(source_)
               : std::string{})};
}

reply_fields reply_fields::below(const json& form, step taken) const noexcept {
  reply_fields found{form, source_};
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

void refuse_empty() { throw error{errc::bad_reply, "the reply is empty"}; }

std::string id_or_made(const std::string& id, std::size_t index) {
  return id.empty() ? "call_" + std::to_string(index) : id;
}

std::string text_of_content(const reply_fields& content) {
  const auto& form = content.form();
  if (form.is_null()) return {};
  if (form.is_string()) return form.get<std::string>();
  // Models that answer with JSON alone, on servers that do not quote it.
  if (form.is_primitive()) return write_json(form);
  if (form.is_object()) return text_of_content(content.find("text"));
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto part = content.at(i);
    if (part.form().is_string()) {
      text += part.text();
    } else if (part.form().is_object()) {
      const auto type = part.text_or("type", "text");
      auto said = part.find("text");
      if (said.form().is_object()) said = said.find("value");
      const bool is_text = type == "text" || type == "output_text";
      if (is_text && said.form().is_primitive()) text += text_of_content(said);
    }
  }
  return text;
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
  if (asked.messages.empty()) refuse_request("the request has no messages");
  if (asked.temperature &&
      !(*asked.temperature >= 0 && std::isfinite(*asked.temperature))) {
    refuse_request("temperature must be finite and not negative");
  }
  if (asked.max_tokens == 0u) refuse_request("max_tokens must be at least 1");
  for (const auto& each : asked.tools) check_name(each.name, "the tool");
  if (asked.reply_as) check_name(asked.reply_as->name, "the reply schema");
  if (!is_choice(asked)) {
    refuse_request("tool_choice '" + asked.tool_choice.substr(0, name_max) +
                   "' must be auto, none, required or the name of a tool");
  }
  if (!asked.extra.is_object()) refuse_request("extra must be an object");
  for (const auto& each : asked.messages) {
    if (each.role == role::tool && each.call_id.empty()) {
      refuse_request("a tool message must have a call_id");
    }
    if (each.role != role::user && !each.images.empty()) {
      refuse_request("only user messages can have images");
    }
    if (each.role != role::assistant && !each.calls.empty()) {
      refuse_request("only assistant messages can have calls");
    }
    for (const auto& picture : each.images) {
      if (picture.url.empty() == picture.data.empty()) {
        refuse_request("an image must have exactly one of url and data");
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
    return write_json(form);
  } catch (const error& why) {
    refuse_request("the request cannot be written as JSON: " + why.message());
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
  constexpr std::string_view version = "/v1";
  base = trimmed(base.substr(0, base.find('#')));
  const auto mark = std::min(base.find('?'), base.size());
  const auto query = base.substr(mark);
  base = base.substr(0, mark);
  while (base.ends_with('/')) base.remove_suffix(1);
  // A name of a host is no path.
  const auto scheme = base.find("://");
  const auto host_end = base.find('/', scheme == base.npos ? 0 : scheme + 3);
  const auto place = base.substr(std::min(host_end, base.size()));
  auto own = path;
  if (own.starts_with("/v1/")) own.remove_prefix(version.size());
  if (place.ends_with(own)) return std::string{base} + std::string{query};
  for (const std::string_view other :
       {"/chat/completions", "/responses", "/messages", "/embeddings"}) {
    if (place.ends_with(other)) base.remove_suffix(other.size());
  }
  if (place.size() >= version.size() && base.ends_with(version)) path = own;
  return std::string{base} + std::string{path} + std::string{query};
}

std::string next_page(std::string address, std::string_view after) {
  if (after.empty()) return address;
  address += address.find('?') == address.npos ? '?' : '&';
  std::string_view key = "after_id=";
  for (const auto each : page_keys) {
    if (after.starts_with(each)) key = each;
  }
  address += key;
  if (after.starts_with(key)) after.remove_prefix(key.size());
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
