#include "troupe/llm/mcp_protocol.hpp"

#include "mcp/mcp_member.hpp"
#include "replies/reply_fields.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/mcp_input.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using detail::code_of;
using detail::member;
using llm::detail::reply_fields;

constexpr std::array<std::string_view, 5> with_sessions = {
    session_revision, "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"};
constexpr const char* client_name = "troupe";
constexpr const char* client_version = "0.1.0";
constexpr std::size_t message_max = 500;

// JSON-RPC 2.0, 5.1, and the protocol's own.
constexpr std::int64_t invalid_request = -32600;
constexpr std::int64_t method_not_found = -32601;
constexpr std::int64_t invalid_params = -32602;
constexpr std::int64_t header_mismatch = -32020;
constexpr std::int64_t unsupported_revision = -32022;

json client_info() {
  return {{"name", client_name}, {"version", client_version}};
}

bool has_session(std::string_view revision) {
  return std::find(with_sessions.begin(), with_sessions.end(), revision) !=
         with_sessions.end();
}

std::string shown_words(std::string_view text) {
  return printable(text, line_breaks::joined, message_max);
}

/// The best revision of a list that is known here.
std::optional<agreement> best_of(const json& revisions) {
  const auto offers = [&](std::string_view each) {
    return revisions.is_array() && std::find(revisions.begin(), revisions.end(),
                                             each) != revisions.end();
  };
  if (offers(current_revision)) return agreement{};
  for (const auto each : with_sessions) {
    if (offers(each)) return agreement{std::string{each}, true};
  }
  return std::nullopt;
}

[[noreturn]] void refuse_revisions(const std::string& theirs) {
  throw error{errc::request_failed,
              "the MCP server speaks the protocol revisions " +
                  shown_words(theirs) + "; this client speaks " +
                  std::string{current_revision} + " and 2024-10-07 to " +
                  std::string{session_revision}}
      .permanent();
}

/// Returns the text of an error of a server.
std::string words_of(const json& failure) {
  if (failure.is_string()) return failure.get<std::string>();
  for (const char* key : {"message", "data"}) {
    const auto* found = member(failure, key);
    if (found == nullptr || *found == "") continue;
    if (found->is_string()) return found->get<std::string>();
    if (found->is_object()) return write_json(*found, bad_text::replaced);
  }
  return write_json(failure, bad_text::replaced);
}

bool tells_of_tools(const json& discovery) {
  const json* found = &discovery;
  for (const char* key : {"result", "capabilities", "tools", "listChanged"}) {
    found = member(*found, key);
    if (found == nullptr) return false;
  }
  return *found == true;
}

}  // namespace

// -- requests -----------------------------------------------------------------

json request(std::uint64_t id, std::string_view method, json params,
             const agreement& under) {
  return request(id, method, std::move(params), under, json::object());
}

json request(std::uint64_t id, std::string_view method, json params,
             const agreement& under, const json& capabilities) {
  if (!under.has_session) {
    auto& meta = params["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] = under.revision;
    meta["io.modelcontextprotocol/clientInfo"] = client_info();
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
  }
  return {{"jsonrpc", "2.0"},
          {"id", id},
          {"method", method},
          {"params", std::move(params)}};
}

json notification(std::string_view method) {
  return notification(method, json::object());
}

json notification(std::string_view method, json params) {
  json form = {{"jsonrpc", "2.0"}, {"method", method}};
  if (!params.empty()) form["params"] = std::move(params);
  return form;
}

json listening_params() {
  return {{"notifications", {{"toolsListChanged", true}}}};
}

json opening_params() {
  return {{"protocolVersion", session_revision},
          {"capabilities", json::object()},
          {"clientInfo", client_info()}};
}

// -- agreements ---------------------------------------------------------------

std::optional<agreement> agreed_by_discovery(const json& answer) {
  const json* offered = nullptr;
  if (const auto* result = member(answer, "result")) {
    offered = member(*result, "supportedVersions");
  } else if (const auto* failure = member(answer, "error");
             failure != nullptr && code_of(*failure) == unsupported_revision) {
    if (const auto* data = member(*failure, "data")) {
      offered = member(*data, "supported");
    }
  }
  if (offered == nullptr || !offered->is_array()) return std::nullopt;
  auto best = best_of(*offered);
  if (!best) refuse_revisions(write_json(*offered, bad_text::replaced));
  if (best->has_session) return std::nullopt;
  best->tells_changes = tells_of_tools(answer);
  return best;
}

agreement agreed_by_opening(const json& answer) {
  const json result = result_in(answer);
  // The version that servers assume for a request that names none.
  const auto revision =
      reply_fields{result}.text_or("protocolVersion", "2025-03-26");
  if (!has_session(revision)) refuse_revisions(revision);
  return {revision, true};
}

// -- answers ------------------------------------------------------------------

json result_in(const json& answer) {
  if (const auto* failure = member(answer, "error")) {
    const auto code = code_of(*failure);
    if (const auto missing = missing_capability(*failure))
      throw error{*missing};
    const auto number =
        code == 0 ? std::string{"an error"} : "error " + std::to_string(code);
    error why{errc::request_failed, "the MCP server answered with " + number +
                                        ": " + shown_words(words_of(*failure))};
    if (code == invalid_request || code == method_not_found ||
        code == invalid_params || code == header_mismatch ||
        code == unsupported_revision) {
      why.permanent();
    }
    throw why;
  }
  const auto result = reply_fields{answer}.at("result");
  // Servers made by hand; whoever asked knows what it is.
  if (!result.form().is_object()) return result.form();
  const auto type = result.text_or("resultType", "complete");
  if (type != "complete") {
    throw error{errc::bad_reply,
                "the MCP server answered with a result of the type '" +
                    shown_words(type) + "', which does not answer the request"}
        .permanent();
  }
  return result.form();
}

}  // namespace troupe::llm::mcp
