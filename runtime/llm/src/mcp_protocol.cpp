#include "troupe/llm/mcp_protocol.hpp"

#include "reply_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using detail::reply_fields;

constexpr std::array<std::string_view, 4> with_sessions = {
    session_revision, "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr const char* client_name = "troupe";
constexpr const char* client_version = "0.1.0";
constexpr std::size_t message_max = 500;

// JSON-RPC 2.0, 5.1, and the protocol's own.
constexpr std::int64_t invalid_request = -32600;
constexpr std::int64_t method_not_found = -32601;
constexpr std::int64_t invalid_params = -32602;
constexpr std::int64_t unsupported_revision = -32022;

json client_info() {
  return {{"name", client_name}, {"version", client_version}};
}

bool has_session(std::string_view revision) {
  return std::find(with_sessions.begin(), with_sessions.end(), revision) !=
         with_sessions.end();
}

std::string bounded(std::string text) {
  if (text.size() <= message_max) return text;
  auto end = message_max;
  while (end > 0 && (text[end] & '\xC0') == '\x80') --end;
  return text.substr(0, end) + "...";
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
              "the MCP server has the revisions " + bounded(theirs) +
                  " of the protocol; known here are " +
                  std::string{current_revision} + " and 2024-11-05 to " +
                  std::string{session_revision}}
      .permanent();
}

const json* member(const json& of, const char* key) {
  if (!of.is_object()) return nullptr;
  const auto found = of.find(key);
  return found == of.end() ? nullptr : &*found;
}

std::int64_t code_of(const json& failure) {
  const auto* code = member(failure, "code");
  return code != nullptr && code->is_number_integer()
             ? code->get<std::int64_t>()
             : 0;
}

}  // namespace

// -- requests -----------------------------------------------------------------

json request(std::uint64_t id, std::string_view method, json params,
             const agreement& under) {
  if (!under.has_session) {
    auto& meta = params["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] = under.revision;
    meta["io.modelcontextprotocol/clientInfo"] = client_info();
    meta["io.modelcontextprotocol/clientCapabilities"] = json::object();
  }
  return {{"jsonrpc", "2.0"},
          {"id", id},
          {"method", method},
          {"params", std::move(params)}};
}

json notification(std::string_view method, json params) {
  json form = {{"jsonrpc", "2.0"}, {"method", method}};
  if (!params.empty()) form["params"] = std::move(params);
  return form;
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
  if (offered == nullptr) return std::nullopt;
  auto best = best_of(*offered);
  if (!best)
    refuse_revisions(
        offered->dump(-1, ' ', false, json::error_handler_t::replace));
  if (best->has_session) return std::nullopt;
  return best;
}

agreement agreed_by_opening(const json& answer) {
  const json result = result_in(answer);
  const auto revision = reply_fields{result}.at("protocolVersion").text();
  if (!has_session(revision)) refuse_revisions(revision);
  return {revision, true};
}

// -- answers ------------------------------------------------------------------

json result_in(const json& answer) {
  if (const auto* failure = member(answer, "error")) {
    const auto code = code_of(*failure);
    error why{errc::request_failed,
              "the MCP server answered with error " + std::to_string(code) +
                  ": " + bounded(reply_fields{*failure}.text_or("message"))};
    if (code == invalid_request || code == method_not_found ||
        code == invalid_params) {
      why.permanent();
    }
    throw why;
  }
  const auto result = reply_fields{answer}.at("result");
  if (result.text_or("resultType", "complete") != "complete") {
    throw error{errc::bad_reply,
                "the MCP server wants to ask something first, which is not "
                "supported"}
        .permanent();
  }
  return result.form();
}

std::optional<std::uint64_t> answered_id(const json& message) {
  const auto* id = member(message, "id");
  if (id == nullptr || !id->is_number_integer() || *id < 0 ||
      member(message, "method") != nullptr) {
    return std::nullopt;
  }
  return id->get<std::uint64_t>();
}

server_message message_in(const json& message) {
  server_message found{reply_fields{message}.at("method").text(), {}};
  const auto* id = member(message, "id");
  if (id == nullptr || id->is_null()) return found;
  json answer = {{"jsonrpc", "2.0"}, {"id", *id}};
  if (found.method == "ping") {
    answer["result"] = json::object();
  } else {
    answer["error"] = {{"code", method_not_found},
                       {"message", "this client does not support it"}};
  }
  found.answer = std::move(answer);
  return found;
}

// -- tools --------------------------------------------------------------------

tool_page tools_in(const json& result) {
  const reply_fields fields{result};
  const auto all = fields.at("tools");
  tool_page page;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto each = all.at(i);
    const auto schema = each.at("inputSchema");
    if (!schema.form().is_object()) schema.refuse("is no object");
    page.tools.push_back(
        {each.at("name").text(), each.text_or("description"), schema.form()});
  }
  page.next = fields.text_or("nextCursor");
  return page;
}

std::string text_in(const json& result) {
  const reply_fields fields{result};
  const auto content = fields.find("content");
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto block = content.at(i);
    const auto type = block.at("type").text();
    if (!text.empty()) text += "\n";
    if (type == "text") {
      text += block.at("text").text();
    } else if (type == "resource" &&
               !block.at("resource").text_or("text").empty()) {
      text += block.at("resource").text_or("text");
    } else if (type == "resource_link") {
      text += block.at("uri").text();
    } else {
      text += "(" + type + ")";
    }
  }
  const auto structured = fields.find("structuredContent");
  if (text.empty() && !structured.is_null()) {
    text =
        structured.form().dump(-1, ' ', false, json::error_handler_t::replace);
  }
  const auto failed = fields.find("isError");
  if (failed.form() == json(true)) {
    throw error{errc::request_failed, std::move(text)};
  }
  return text;
}

}  // namespace troupe::llm::mcp
