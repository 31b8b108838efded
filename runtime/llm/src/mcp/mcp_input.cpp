#include "troupe/llm/mcp_input.hpp"

#include "troupe/error.hpp"
#include "troupe/http/url.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/json_schema.hpp"
#include "troupe/printable.hpp"

#include <optional>
#include <utility>

namespace troupe::llm {

std::string_view method_of(mcp_input_kind kind) noexcept {
  switch (kind) {
    case mcp_input_kind::sampling:
      return "sampling/createMessage";
    case mcp_input_kind::roots:
      return "roots/list";
    case mcp_input_kind::form:
    case mcp_input_kind::url:
      break;
  }
  return "elicitation/create";
}

namespace mcp {

namespace {

constexpr std::size_t shown_max = 100;
constexpr std::size_t inputs_max = 32;
constexpr std::size_t key_max = 512;
constexpr std::size_t url_max = std::size_t{16} << 10;

// MissingRequiredClientCapabilityError.
constexpr int missing_code = -32021;
constexpr int draft_missing_code = -32003;

std::string shown(const std::string& text) {
  return printable(text, line_breaks::joined, shown_max);
}

json acted(const char* how) {
  json answer = json::object();
  answer["action"] = how;
  return answer;
}

[[noreturn]] void refuse(const mcp_input_request& request,
                         const std::string& what) {
  throw error{errc::bad_value,
              "mcp_options.on_input gave no valid answer to '" +
                  shown(request.key) + "' (" +
                  std::string{method_of(request.kind)} + "): " + what}
      .permanent();
}

[[noreturn]] void refuse_server(const std::string& what) {
  throw error{errc::bad_reply, "the MCP server " + what}.permanent();
}

mcp_input_kind kind_of(const std::string& method, const json& params) {
  if (method == "sampling/createMessage") return mcp_input_kind::sampling;
  if (method == "roots/list") return mcp_input_kind::roots;
  if (method != "elicitation/create") {
    refuse_server("asks for '" + shown(method) +
                  "', which this client does not support");
  }
  const auto mode = params.find("mode");
  if (mode == params.end() || *mode == "form") return mcp_input_kind::form;
  if (*mode == "url") return mcp_input_kind::url;
  refuse_server(
      "asks for an elicitation in a mode that this client does not support: " +
      shown(write_json(*mode, bad_text::replaced)));
}

bool has_text(const json& form, const char* key) {
  const auto found = form.find(key);
  return found != form.end() && found->is_string();
}

/// Whoever opens an address may be a program that runs what is in it.
void check_place(const std::string& key, const json& params) {
  if (!has_text(params, "url")) {
    refuse_server("asks for '" + shown(key) + "' without a URL to open");
  }
  const auto& url = params.at("url").get_ref<const std::string&>();
  if (url.size() <= url_max && is_web_url(url)) return;
  refuse_server("asks a person to open '" + shown(url) +
                "', which is not an http or https URL");
}

/// Servers may have schemas that are not known here; those they check.
std::optional<json_schema> schema_of(const mcp_input_request& request) {
  const auto found = request.params.find("requestedSchema");
  if (found == request.params.end()) return std::nullopt;
  try {
    return json_schema{*found};
  } catch (const error&) {
    return std::nullopt;
  }
}

void check_elicitation(const mcp_input_request& request, const json& answer) {
  const auto action = answer.find("action");
  if (action == answer.end() ||
      (*action != "accept" && *action != "decline" && *action != "cancel")) {
    refuse(request, "\"action\" must be \"accept\", \"decline\" or \"cancel\"");
  }
  if (request.kind == mcp_input_kind::url || *action != "accept") return;
  const auto content = answer.find("content");
  if (content == answer.end() || !content->is_object()) {
    refuse(request, "\"content\" must be an object");
  }
  const auto schema = schema_of(request);
  if (!schema) return;
  const auto mistakes = schema->mistakes_in(*content);
  if (!mistakes.empty()) refuse(request, joined(mistakes));
}

}  // namespace

json accept() { return accept(json()); }

json accept(json content) {
  auto answer = acted("accept");
  if (!content.is_null()) answer["content"] = std::move(content);
  return answer;
}

json decline() { return acted("decline"); }

json cancel() { return acted("cancel"); }

std::set<mcp_input_kind> all_inputs() {
  return {mcp_input_kind::form, mcp_input_kind::url, mcp_input_kind::sampling,
          mcp_input_kind::roots};
}

json client_capabilities(const std::set<mcp_input_kind>& inputs) {
  json form = json::object();
  form["extensions"]["io.modelcontextprotocol/tasks"] = json::object();
  if (inputs.count(mcp_input_kind::form) > 0) {
    form["elicitation"]["form"] = json::object();
  }
  if (inputs.count(mcp_input_kind::url) > 0) {
    form["elicitation"]["url"] = json::object();
  }
  if (inputs.count(mcp_input_kind::sampling) > 0) {
    form["sampling"] = json::object();
  }
  if (inputs.count(mcp_input_kind::roots) > 0) form["roots"] = json::object();
  return form;
}

std::optional<error> missing_capability(const json& failure) {
  if (!failure.is_object()) return std::nullopt;
  const auto code = failure.find("code");
  if (code == failure.end()) return std::nullopt;
  const auto data = failure.find("data");
  const bool says_which = data != failure.end() && data->is_object() &&
                          data->contains("requiredCapabilities");
  // A server may give -32003 any meaning.
  if (*code != missing_code && !(*code == draft_missing_code && says_which)) {
    return std::nullopt;
  }
  std::string needed;
  std::string remedy;
  if (says_which) {
    const auto& which = data->at("requiredCapabilities");
    needed = ": " + shown(write_json(which, bad_text::replaced));
    for (const char* each : {"elicitation", "sampling", "roots"}) {
      if (!which.is_object() || !which.contains(each)) continue;
      remedy = "; set mcp_options.on_input, and list it in mcp_options.inputs";
    }
  }
  return error{
      errc::request_failed,
      "the MCP server needs a capability that this client does not have" +
          needed + remedy}
      .permanent();
}

std::vector<mcp_input_request> inputs_in(const json& requests,
                                         const std::set<mcp_input_kind>& inputs,
                                         const std::string& tool) {
  std::vector<mcp_input_request> found;
  if (requests.is_null()) return found;
  if (!requests.is_object()) refuse_server("has no object \"inputRequests\"");
  if (requests.size() > inputs_max) {
    refuse_server("asks for " + std::to_string(requests.size()) +
                  " inputs at once; at most " + std::to_string(inputs_max) +
                  " are answered");
  }
  for (const auto& [key, form] : requests.items()) {
    if (key.size() > key_max)
      refuse_server("asks under a name that is too long");
    if (!form.is_object() || !has_text(form, "method")) {
      refuse_server("asks for '" + shown(key) + "' without a method");
    }
    const auto given = form.find("params");
    json params =
        given == form.end() || given->is_null() ? json::object() : *given;
    if (!params.is_object()) {
      refuse_server("asks for '" + shown(key) +
                    "' with params that are not an object");
    }
    const auto method = form.at("method").get<std::string>();
    const auto kind = kind_of(method, params);
    if (inputs.count(kind) == 0) {
      refuse_server("asks for '" + shown(key) + "' (" + method + "), which " +
                    (inputs.empty() ? "needs mcp_options.on_input"
                                    : "is not in mcp_options.inputs"));
    }
    if (kind == mcp_input_kind::url) check_place(key, params);
    found.push_back({kind, key, std::move(params), tool});
  }
  return found;
}

void check_input(const mcp_input_request& request, const json& answer) {
  if (!answer.is_object()) refuse(request, "it must be an object");
  switch (request.kind) {
    case mcp_input_kind::form:
    case mcp_input_kind::url:
      check_elicitation(request, answer);
      break;
    case mcp_input_kind::sampling:
      if (!has_text(answer, "role") || !has_text(answer, "model") ||
          !answer.contains("content")) {
        refuse(request, "\"role\", \"content\" or \"model\" is missing");
      }
      break;
    case mcp_input_kind::roots: {
      const auto all = answer.find("roots");
      if (all == answer.end() || !all->is_array()) {
        refuse(request, "\"roots\" must be an array");
      }
      for (const auto& each : *all) {
        if (!each.is_object() || !has_text(each, "uri")) {
          refuse(request, "a root has no \"uri\"");
        }
      }
      break;
    }
  }
}

}  // namespace mcp
}  // namespace troupe::llm
