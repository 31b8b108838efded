#include "served_error.hpp"

#include "reply_events.hpp"
#include "reply_fields.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/reply_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <initializer_list>
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

using keys = std::initializer_list<const char*>;

/// What a member that is only there for its name does not do.
bool says_something(const json& form) {
  if (form.is_boolean()) return form.get<bool>();
  if (form.is_number()) return form != 0;
  if (form.is_string()) return !form.get_ref<const std::string&>().empty();
  return !form.empty();
}

const json* member(const json& form, const char* key) {
  if (!form.is_object()) return nullptr;
  const auto found = form.find(key);
  return found == form.end() || !says_something(*found) ? nullptr : &*found;
}

bool has_any(const json& form, keys names) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) {
    return member(form, each) != nullptr;
  });
}

bool is_text(const json& form, const char* key, std::string_view text) {
  const auto* found = member(form, key);
  return found != nullptr && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

std::string text_of(const json& form) {
  return form.is_string() ? form.get<std::string>()
                          : write_json(form, bad_text::replaced);
}

std::string first_text(const json& form, keys names) {
  for (const char* each : names) {
    if (const auto* found = member(form, each)) return text_of(*found);
  }
  return {};
}

// -- statuses -----------------------------------------------------------------

constexpr keys codes = {"code",       "status",    "status_code",
                        "statusCode", "http_code", "http_status",
                        "httpCode",   "httpStatus"};

int status_in(const json& code) {
  double number = 0;
  if (code.is_number()) {
    number = code.get<double>();
  } else if (code.is_string()) {
    const auto& text = code.get_ref<const std::string&>();
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop != end) return 0;
  }
  return number >= 400 && number < 600 ? static_cast<int>(number) : 0;
}

int numeric_status(const json& form) {
  for (const char* each : codes) {
    const auto* found = member(form, each);
    if (found == nullptr) continue;
    if (const int status = status_in(*found); status != 0) return status;
  }
  return 0;
}

/// The status of a name of an error, however it is written: "rate_limit_error",
/// "RateLimitError", "RATE_LIMIT".
int status_named(std::string_view name) {
  std::string word;
  for (const char each : name) {
    const auto byte = static_cast<unsigned char>(each);
    if (std::isalpha(byte) != 0) word += static_cast<char>(std::tolower(byte));
  }
  for (const std::string_view suffix : {"exception", "error"}) {
    if (word.ends_with(suffix)) word.resize(word.size() - suffix.size());
  }
  static constexpr std::array<std::pair<std::string_view, int>, 37> known = {{
      {"badrequest", 400},
      {"invalidrequest", 400},
      {"invalidargument", 400},
      {"failedprecondition", 400},
      {"exceedcontextsize", 400},
      {"contextlengthexceeded", 400},
      {"authentication", 401},
      {"unauthenticated", 401},
      {"unauthorized", 401},
      {"invalidapikey", 401},
      {"incorrectapikey", 401},
      {"invalidtoken", 401},
      {"billing", 402},
      {"paymentrequired", 402},
      {"permission", 403},
      {"permissiondenied", 403},
      {"forbidden", 403},
      {"notfound", 404},
      {"modelnotfound", 404},
      {"requesttoolarge", 413},
      {"unprocessableentity", 422},
      {"ratelimit", 429},
      {"ratelimited", 429},
      {"ratelimitexceeded", 429},
      {"toomanyrequests", 429},
      {"resourceexhausted", 429},
      {"throttling", 429},
      {"internal", 500},
      {"internalserver", 500},
      {"server", 500},
      {"api", 500},
      {"badgateway", 502},
      {"unavailable", 503},
      {"serviceunavailable", 503},
      {"deadlineexceeded", 504},
      {"timeout", 504},
      {"overloaded", 529},
  }};
  const auto found =
      std::find_if(known.begin(), known.end(),
                   [&](const auto& each) { return each.first == word; });
  if (found != known.end()) return found->second;
  // "invalid_prompt", "invalid_image".
  return word.starts_with("invalid") ? 400 : 0;
}

int status_of(const json& form) {
  if (const int status = numeric_status(form); status != 0) return status;
  for (const char* each : {"code", "type", "status", "__type"}) {
    const auto* found = member(form, each);
    if (found == nullptr || !found->is_string()) continue;
    std::string_view name = found->get_ref<const std::string&>();
    // Amazon's have the name of the service before them.
    name.remove_prefix(name.rfind('#') + 1);
    const int status = status_named(name);
    if (status != 0) return status;
  }
  return 0;
}

// -- words --------------------------------------------------------------------

constexpr keys message_keys = {"message",     "msg",        "error_message",
                               "error_msg",   "status_msg", "error_description",
                               "faultstring", "detail",     "description",
                               "title"};

/// What validators say is wrong, and where, without the input that they quote.
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
  static constexpr keys afters = {"retry_after", "retry_after_seconds",
                                  "retryAfter"};
  for (const char* each : afters) {
    if (const auto* after = member(form, each)) add("retry-after", *after);
  }
  if (const auto* after = member(form, "retry_after_ms")) {
    add("retry-after-ms", *after);
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

/// What a gateway was told by the server behind it, which may quote the input.
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
  for (const char* each :
       {"error", "errors", "response", "base_resp", "fault"}) {
    const auto* inner = member(form, each);
    if (inner != nullptr && !inner->is_primitive()) {
      take_error(*inner, into, nesting + 1);
    } else if (inner != nullptr && inner->is_string()) {
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
  if (into.status == 0) into.status = status_of(form);
  fill(into.request_id, first_text(form, {"request_id"}));
  static constexpr std::array<std::string_view, 5> final_kinds = {
      "insufficient_quota", "context_length_exceeded",
      "billing_hard_limit_reached", "exceed_context_size_error",
      "insufficient_balance"};
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

/// What says that a reply has something in it besides an error.
constexpr keys contents = {"choices",       "output", "content",    "data",
                           "models",        "delta",  "embeddings", "item",
                           "content_block", "part",   "usage",      "object"};

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
  if (has_any(form, contents)) return nullptr;
  if (has_any(form, {"errors", "fault", "error_message", "error_msg",
                     "error_description"})) {
    return &form;
  }
  // FastAPI's; others tell so how far they are.
  if (member(form, "detail") != nullptr && form.size() == 1) return &form;
  if (const auto* base = member(form, "base_resp")) {
    if (member(*base, "status_code") != nullptr) return &form;
  }
  // Without an envelope.
  const bool is_bad = status_of(form) != 0 ||
                      is_text(form, "status", "error") ||
                      form.value("success", json(true)) == false ||
                      form.value("ok", json(true)) == false;
  return is_bad && has_any(form, message_keys) ? &form : nullptr;
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

json reply_in_body(std::string_view body, const json_bounds& limits) {
  json form = parsed(without_comments(body), "the reply", limits);
  throw_error_in(form);
  return form;
}

}  // namespace troupe::llm::detail
