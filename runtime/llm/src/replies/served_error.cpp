#include "replies/served_error.hpp"

#include "replies/error_status.hpp"
#include "replies/reply_events.hpp"
#include "replies/reply_fields.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/reply_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

// Sources: the API references of OpenAI, Anthropic, Google and OpenRouter, and
// what vLLM, llama.cpp, LiteLLM and gateways write.

namespace troupe::llm::detail {

namespace {

// Nobody knows the time here. A date asks for no wait: it lies before 2169.
constexpr std::chrono::system_clock::time_point no_clock{
    std::chrono::hours{24 * 365 * 200}};

constexpr int nesting_max = 4;
constexpr std::size_t told_max = 4;

std::string text_of(const json& form) {
  return form.is_string() ? form.get<std::string>()
                          : write_json(form, bad_text::replaced);
}

std::string first_text(const json& form, member_names names) {
  for (const char* each : names) {
    if (const auto* found = member(form, each)) return text_of(*found);
  }
  return {};
}

// -- words --------------------------------------------------------------------

constexpr member_names message_keys = {"message",       "msg",
                                       "error_message", "error_msg",
                                       "status_msg",    "error_description",
                                       "faultstring",   "detail",
                                       "description",   "title"};

/// Returns the complaints of validators, with their places, without the input
/// that they quote.
std::string complaints_in(const json& list) {
  std::string text;
  for (const auto& each : list) {
    if (!each.is_object()) continue;
    if (!text.empty()) text += "; ";
    text += first_text(each, {"loc"}) + " " + first_text(each, {"msg"});
  }
  return text;
}

void fill(std::string& into, std::string from) {
  if (into.empty()) into = std::move(from);
}

void take_waits(const json& form, served_error& into) {
  const auto add = [&](std::string name, const json& wait) {
    std::transform(name.begin(), name.end(), name.begin(), [](char each) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    });
    into.asks_for.headers.push_back({std::move(name), text_of(wait)});
  };
  static constexpr member_names afters = {"retry_after", "retry_after_seconds",
                                          "retryAfter", "estimated_time"};
  for (const char* each : afters) {
    if (const auto* after = member(form, each)) add("retry-after", *after);
  }
  for (const char* each : {"retry_after_ms", "retryAfterMs"}) {
    if (const auto* after = member(form, each)) add("retry-after-ms", *after);
  }
  // Google's RetryInfo, whose span some write in its parts.
  if (const auto* details = member(form, "details")) {
    for (const auto& each : *details) {
      const auto* delay = member(each, "retryDelay");
      if (delay == nullptr) continue;
      const auto* seconds = member(*delay, "seconds");
      add("retry-after", seconds != nullptr ? *seconds : *delay);
    }
  }
  const auto* about = member(form, "metadata");
  if (about == nullptr) return;
  for (const char* each : afters) {
    if (const auto* after = member(*about, each)) add("retry-after", *after);
  }
  if (const auto* headers = member(*about, "headers");
      headers != nullptr && headers->is_object()) {
    for (const auto& [name, wait] : headers->items()) add(name, wait);
  }
}

/// Takes what a gateway was told by the server behind it, which may quote the
/// input.
void take_raw(const json& form, served_error& into) {
  const auto* about = member(form, "metadata");
  if (about == nullptr) return;
  const auto raw = first_text(*about, {"raw"});
  if (!raw.empty()) into.message += (into.message.empty() ? "" : ": ") + raw;
  if (has_any(*about, {"reasons", "flagged_input"})) into.is_final = true;
}

void take_error(const json& form, served_error& into, int nesting);

void take_list(const json& list, served_error& into, int nesting) {
  std::string all;
  for (std::size_t i = 0; i < std::min(list.size(), told_max); ++i) {
    served_error one;
    take_error(list[i], one, nesting);
    if (!one.message.empty()) all += (all.empty() ? "" : "; ") + one.message;
    fill(into.kind, one.kind);
    if (into.status == 0) into.status = one.status;
    into.is_final = into.is_final || one.is_final;
    for (auto& each : one.asks_for.headers) {
      into.asks_for.headers.push_back(std::move(each));
    }
  }
  fill(into.message, std::move(all));
}

void take_error(const json& form, served_error& into, int nesting) {
  if (nesting > nesting_max) return;
  if (form.is_string()) fill(into.message, form.get<std::string>());
  if (form.is_array()) take_list(form, into, nesting + 1);
  if (!form.is_object()) return;
  if (const auto* told = member(form, "base_resp"); told != nullptr) {
    if (const auto* code = member(*told, "status_code")) {
      into.status = minimax_status(*code);
    }
  }
  for (const auto& [name, inner] : form.items()) {
    if (!names_exception(name) || !inner.is_object()) continue;
    fill(into.kind, name);
    take_error(inner, into, nesting + 1);
    if (into.status == 0) into.status = status_named(name);
  }
  for (const char* each :
       {"error", "errors", "response", "base_resp", "fault", "Output"}) {
    const auto* inner = member(form, each);
    if (inner != nullptr && !inner->is_primitive()) {
      take_error(*inner, into, nesting + 1);
    } else if (inner != nullptr && inner->is_string() &&
               !has_any(form, {"message"})) {
      fill(into.message, inner->get<std::string>());
    }
  }
  const auto* detail = member(form, "detail");
  if (detail != nullptr && detail->is_array()) {
    fill(into.message, complaints_in(*detail));
  } else if (detail != nullptr && detail->is_object()) {
    take_error(*detail, into, nesting + 1);
  }
  const auto* said = member(form, "message");
  // That of a choice is what the model said.
  if (said == nullptr || said->is_string()) {
    fill(into.message, first_text(form, message_keys));
  }
  if (!is_text(form, "type", "error")) {
    fill(into.kind, first_text(form, {"code", "type"}));
  } else {
    fill(into.kind, first_text(form, {"code"}));
  }
  fill(into.kind, first_text(form, {"status", "status_code"}));
  if (const auto exception = first_text(form, {"__type"}); !exception.empty()) {
    fill(into.kind, exception.substr(exception.rfind('#') + 1));
  }
  if (into.status == 0) into.status = status_of(form);
  fill(into.request_id, first_text(form, {"request_id"}));
  static constexpr std::array<std::string_view, 7> final_kinds = {
      "insufficient_quota",         "context_length_exceeded",
      "billing_hard_limit_reached", "exceed_context_size_error",
      "insufficient_balance",       "exceeded_current_quota_error",
      "insufficient_user_quota"};
  for (const char* each : {"code", "type"}) {
    const auto kind = first_text(form, {each});
    if (std::find(final_kinds.begin(), final_kinds.end(), kind) !=
        final_kinds.end()) {
      into.is_final = true;
    }
  }
  take_raw(form, into);
  take_waits(form, into);
}

/// Takes the error of a server further behind, which a text holds as JSON.
void take_words(served_error& into) {
  const auto first = into.message.find('{');
  if (first != std::string::npos) {
    const std::string_view text = into.message;
    const auto end = end_of_json(text.substr(first)).value_or(0);
    served_error inner;
    if (const auto form =
            try_read_json(text.substr(first, end), reply_bounds)) {
      take_error(*form, inner, 1);
    }
    if (into.status == 0) into.status = inner.status;
    into.is_final = into.is_final || inner.is_final;
    fill(into.kind, std::move(inner.kind));
    for (auto& each : inner.asks_for.headers) {
      into.asks_for.headers.push_back(std::move(each));
    }
    if (first == 0 && !inner.message.empty()) into.message = inner.message;
  }
  if (into.status == 0) into.status = status_in_words(into.message);
}

/// The error of a choice that is the reply, or null; that of another one does
/// not matter.
const json* error_of_choice(const json& choice) {
  if (!choice.is_object() || choice.value("index", json(0)) != 0) {
    const auto* index = member(choice, "index");
    if (index == nullptr || index->is_number()) return nullptr;
  }
  for (const char* each : {"delta", "message"}) {
    const auto* said = member(choice, each);
    if (said != nullptr && member(*said, "error") != nullptr) return said;
  }
  const bool has_failed = member(choice, "error") != nullptr ||
                          is_text(choice, "finish_reason", "error");
  return has_failed ? &choice : nullptr;
}

/// Amazon's, some of which tell only what kind of error they are.
bool is_of_amazon(const json& form) {
  const auto* output = form.contains("Output") ? &form.at("Output") : &form;
  return has_any(*output, {"__type"}) ||
         std::any_of(
             form.items().begin(), form.items().end(), [](const auto& each) {
               return names_exception(each.key()) && each.value().is_object();
             });
}

/// True if all that is said is a text.
bool says_one_thing(const json& form) {
  const auto said = std::find_if(form.begin(), form.end(), says_something);
  return said != form.end() && said->is_string() &&
         std::none_of(std::next(said), form.end(), says_something);
}

/// The members that show that a reply has something in it besides an error.
constexpr member_names contents = {
    "choices",    "output", "content",       "data", "models", "delta",
    "embeddings", "item",   "content_block", "part", "usage",  "object"};

}  // namespace

served_error error_in_body(std::string_view body) {
  std::string event;
  if (auto found = first_data(body)) {
    event = std::move(*found);
    body = event;
  }
  body = without_comments(body);
  served_error told;
  const auto form = try_read_json(body, reply_bounds);
  if (form) take_error(*form, told, 0);
  take_words(told);
  if (told.message.empty()) told.message = trimmed(body);
  return told;
}

const json* find_error(const json& form) {
  if (form.is_array()) {
    if (form.empty() || !form.front().is_object()) return nullptr;
    // A list of what is not errors has no member of this name.
    return member(form.front(), "error") == nullptr ? nullptr : &form.front();
  }
  if (!form.is_object()) return nullptr;
  // Beside a reply some gateways have one that says there is none.
  const auto* told = member(form, "error");
  const bool is_none = told != nullptr && told->is_object() &&
                       has_any(form, contents) &&
                       std::none_of(told->begin(), told->end(), says_something);
  if ((told != nullptr && !is_none) || is_text(form, "type", "error") ||
      is_text(form, "object", "error")) {
    return &form;
  }
  if (const auto* inner = member(form, "response")) return find_error(*inner);
  if (is_text(form, "status", "failed")) return &form;
  if (const auto* choices = member(form, "choices");
      choices != nullptr && choices->is_array()) {
    for (const auto& each : *choices) {
      if (const auto* found = error_of_choice(each)) return found;
    }
  }
  if (const auto* base = member(form, "base_resp")) {
    if (member(*base, "status_code") != nullptr) return &form;
  }
  if (is_of_amazon(form)) return &form;
  if (has_any(form, contents)) return nullptr;
  if (has_any(form, {"errors", "fault", "error_message", "error_msg",
                     "error_description"})) {
    return &form;
  }
  // FastAPI's; others tell so how far they are.
  if (member(form, "detail") != nullptr && form.size() == 1) return &form;
  // Without an envelope.
  const auto* code = member(form, "code");
  const bool is_bad =
      status_of(form) != 0 || is_text(form, "status", "error") ||
      has_any(form, {"error_code", "errcode", "errno"}) ||
      (code != nullptr && code->is_number() && *code != 200) ||
      form.value("success", json(true)) == false ||
      form.value("ok", json(true)) == false || says_one_thing(form);
  return is_bad && has_any(form, message_keys) ? &form : nullptr;
}

void throw_served_error(std::string_view body, const std::string& name) {
  auto form = try_read_json(body, reply_bounds);
  if (!form || !form->is_object() || status_of(*form) != 0) {
    throw_served_error(body);
  }
  (*form)["type"] = name;
  throw_served_error(write_json(*form, bad_text::replaced));
}

void throw_served_error(std::string_view body) {
  http_response told;
  told.status = 200;
  told.body = body;
  throw error_of_reply(told, no_clock);
}

void throw_error_in(const json& form) {
  const auto* found = find_error(form);
  if (found != nullptr) {
    throw_served_error(write_json(*found, bad_text::replaced));
  }
}

namespace {

/// Also of JSON with something behind it, and of JSON as text in JSON.
json parsed_body(std::string_view body, const json_bounds& limits) {
  auto whole = try_read_json(body, limits);
  if (!whole) {
    const auto end = end_of_json(body).value_or(body.size());
    whole = parsed(body.substr(0, end), "the reply", limits);
  }
  json form = std::move(*whole);
  if (!form.is_string()) return form;
  auto inner = try_read_json(form.get_ref<const std::string&>(), limits);
  return inner ? std::move(*inner) : form;
}

}  // namespace

json reply_in_body(std::string_view body, const json_bounds& limits) {
  json form = parsed_body(without_comments(body), limits);
  throw_error_in(form);
  return form;
}

}  // namespace troupe::llm::detail
