#include "replies/error_status.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <utility>

// Sources: the API references of OpenAI, Anthropic, Google, Amazon Bedrock,
// MiniMax, Moonshot and Mistral.

namespace troupe::llm::detail {

namespace {

char in_small(char each) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
}

bool is_capital(char each) { return each >= 'A' && each <= 'Z'; }

int as_status(double number) {
  return number >= 400 && number < 600 ? static_cast<int>(number) : 0;
}

int status_in(const json& code) {
  if (code.is_number()) return as_status(code.get<double>());
  if (!code.is_string()) return 0;
  const auto& text = code.get_ref<const std::string&>();
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  return fault != std::errc{} || stop != end ? 0 : as_status(number);
}

int numeric_status(const json& form) {
  for (const char* each :
       {"code", "status", "status_code", "statusCode", "http_code",
        "http_status", "httpCode", "httpStatus", "httpStatusCode", "error_code",
        "errorCode", "originalStatusCode"}) {
    const auto* found = member(form, each);
    if (found == nullptr) continue;
    if (const int status = status_in(*found); status != 0) return status;
  }
  return 0;
}

/// Of those that stand in texts; other numbers there are lengths and the like.
bool is_usual(int status) {
  return (status >= 400 && status <= 429) || status == 498 || status == 499 ||
         (status >= 500 && status <= 504) || (status >= 520 && status <= 529);
}

using named_status = std::pair<std::string_view, int>;

constexpr std::array<named_status, 69> named = {{
    {"badrequest", 400},
    {"invalidrequest", 400},
    {"invalidargument", 400},
    {"failedprecondition", 400},
    {"exceedcontextsize", 400},
    {"contextlengthexceeded", 400},
    {"contextwindowexceeded", 400},
    {"contentpolicyviolation", 400},
    {"contentfilter", 400},
    {"validation", 400},
    {"servicequotaexceeded", 400},
    {"authentication", 401},
    {"unauthenticated", 401},
    {"unauthorized", 401},
    {"invalidapikey", 401},
    {"incorrectapikey", 401},
    {"invalidtoken", 401},
    {"invalidauthentication", 401},
    {"unrecognizedclient", 401},
    {"expiredtoken", 401},
    {"billing", 402},
    {"paymentrequired", 402},
    {"insufficientbalance", 402},
    {"insufficientcredits", 402},
    {"insufficientfunds", 402},
    {"permission", 403},
    {"permissiondenied", 403},
    {"accessdenied", 403},
    {"forbidden", 403},
    {"missingauthenticationtoken", 403},
    {"notfound", 404},
    {"modelnotfound", 404},
    {"resourcenotfound", 404},
    {"unknownoperation", 404},
    {"modeltimeout", 408},
    {"conflict", 409},
    {"requesttoolarge", 413},
    {"contenttoolarge", 413},
    {"unprocessableentity", 422},
    {"ratelimit", 429},
    {"ratelimited", 429},
    {"ratelimitexceeded", 429},
    {"ratelimitreached", 429},
    {"toomanyrequests", 429},
    {"toomanytokens", 429},
    {"requestlimitexceeded", 429},
    {"resourceexhausted", 429},
    {"exceededcurrentquota", 429},
    {"insufficientquota", 429},
    {"quotaexceeded", 429},
    {"capacityexceeded", 429},
    {"servicetiercapacityexceeded", 429},
    {"engineoverloaded", 429},
    {"modelnotready", 429},
    {"throttling", 429},
    {"throttled", 429},
    {"internal", 500},
    {"internalserver", 500},
    {"internalfailure", 500},
    {"server", 500},
    {"api", 500},
    {"modelstream", 500},
    {"badgateway", 502},
    {"unavailable", 503},
    {"serviceunavailable", 503},
    {"deadlineexceeded", 504},
    {"gatewaytimeout", 504},
    {"timeout", 504},
    {"overloaded", 529},
}};

}  // namespace

bool says_something(const json& form) {
  if (form.is_boolean()) return form.get<bool>();
  if (form.is_number()) return form != 0;
  if (form.is_string()) return !form.get_ref<const std::string&>().empty();
  return !form.empty();
}

const json* member(const json& form, const char* key) {
  if (!form.is_object() || form.empty()) return nullptr;
  auto found = form.find(key);
  // Capitals come first in the order of names.
  const auto& first = form.begin().key();
  if (found == form.end() && !first.empty() && is_capital(first.front())) {
    std::string capital{key};
    capital[0] =
        static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
    found = form.find(capital);
  }
  return found == form.end() || !says_something(*found) ? nullptr : &*found;
}

bool has_any(const json& form, member_names names) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) {
    return member(form, each) != nullptr;
  });
}

bool is_text(const json& form, const char* key, std::string_view text) {
  const auto* found = member(form, key);
  return found != nullptr && found->is_string() &&
         found->get_ref<const std::string&>() == text;
}

int status_named(std::string_view name) {
  std::string word;
  for (const char each : name) {
    if (std::isalpha(static_cast<unsigned char>(each)) != 0) {
      word += in_small(each);
    }
  }
  for (const std::string_view suffix : {"exception", "error"}) {
    if (word.ends_with(suffix)) word.resize(word.size() - suffix.size());
  }
  const auto found =
      std::find_if(named.begin(), named.end(),
                   [&](const auto& each) { return each.first == word; });
  if (found != named.end()) return found->second;
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

int minimax_status(const json& code) {
  static constexpr std::array<std::pair<int, int>, 16> known = {{{1001, 504},
                                                                 {1002, 429},
                                                                 {1004, 401},
                                                                 {1008, 402},
                                                                 {1026, 400},
                                                                 {1027, 400},
                                                                 {1039, 429},
                                                                 {1041, 429},
                                                                 {1042, 400},
                                                                 {2013, 400},
                                                                 {2037, 400},
                                                                 {2038, 403},
                                                                 {2045, 429},
                                                                 {2048, 400},
                                                                 {2049, 401},
                                                                 {2056, 429}}};
  for (const auto& [number, status] : known) {
    if (code == number || code == std::to_string(number)) return status;
  }
  return 500;
}

int status_in_words(std::string_view text) {
  constexpr std::size_t looked_at_max = 1'000;
  std::string plain{text.substr(0, looked_at_max)};
  std::transform(plain.begin(), plain.end(), plain.begin(), in_small);
  for (const std::string_view before :
       {"error code", "status code", "status_code", "statuscode", "http status",
        "http error", "http code", "http", "status", "error"}) {
    auto at = plain.find(before);
    if (at == plain.npos) continue;
    at += before.size();
    at = std::min(plain.find_first_not_of(" :=('\"", at), plain.size());
    if (plain.size() < at + 3) continue;
    const bool is_longer =
        plain.size() > at + 3 &&
        std::isalnum(static_cast<unsigned char>(plain[at + 3])) != 0;
    int number = 0;
    const char* end = plain.data() + at + 3;
    const auto [stop, fault] = std::from_chars(plain.data() + at, end, number);
    if (!is_longer && fault == std::errc{} && stop == end) {
      if (is_usual(number)) return number;
    }
  }
  return 0;
}

bool names_exception(std::string_view name) {
  constexpr std::string_view end = "xception";
  return name.size() > end.size() && name.ends_with(end);
}

}  // namespace troupe::llm::detail
