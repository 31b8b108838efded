#include "mcp_transport.hpp"
#include "redaction.hpp"
#include "wall_clock.hpp"

#include <troupe/llm/reply_error.hpp>
#include <troupe/llm/sse.hpp>

#include <mutex>
#include <utility>

namespace troupe::llm::detail {

namespace {

/// Over HTTP: each message is a request of its own, and what the server says
/// about it comes in the response.
class mcp_http final : public mcp_transport,
                       public std::enable_shared_from_this<mcp_http> {
 public:
  mcp_http(http_client web, mcp_address server, const mcp_options& options)
      : web_(std::move(web)), server_(std::move(server)), options_(options) {}

  task<json> exchange(std::uint64_t id, json request,
                      mcp::agreement under) override;
  task<> notify(json message, mcp::agreement under) override;
  bool is_open() override {
    const std::lock_guard lock{mutex_};
    return !is_lost_;
  }

 private:
  http_request post_of(const json& message, const mcp::agreement& under);
  task<json> answer_in(http_stream stream, std::uint64_t id,
                       mcp::agreement under);
  task<std::optional<json>> take(std::string text, std::uint64_t id,
                                 mcp::agreement under);
  error refusal_in(http_response reply) const;
  void keep_session(const http_response& head);
  void check_session(const http_response& head);

  const http_client web_;
  const mcp_address server_;
  const mcp_options options_;
  std::mutex mutex_;
  std::string session_;
  bool is_lost_ = false;
};

http_request mcp_http::post_of(const json& message,
                               const mcp::agreement& under) {
  http_request request{
      "POST", server_.url,
      message.dump(-1, ' ', false, json::error_handler_t::replace)};
  request.headers = server_.headers;
  const auto add = [&](const char* name, const std::string& value) {
    request.headers.push_back({name, value});
  };
  add("content-type", "application/json");
  add("accept", "application/json, text/event-stream");
  const bool opens = message.value("method", "") == "initialize";
  if (!opens) add("mcp-protocol-version", under.revision);
  if (!under.has_session) {
    add("mcp-method", message.value("method", ""));
    // A tool whose name is no header's value could not be a model's either.
    if (const auto params = message.find("params");
        params != message.end() && params->contains("name")) {
      add("mcp-name", params->at("name").get<std::string>());
    }
  }
  const std::lock_guard lock{mutex_};
  if (under.has_session && !opens && !session_.empty()) {
    add("mcp-session-id", session_);
  }
  request.limits.total = options_.time_limit;
  request.limits.idle = options_.time_limit;
  request.limits.body_max = options_.message_max;
  return request;
}

// Without what the user's headers have to say who they are.
error mcp_http::refusal_in(http_response reply) const {
  for (const auto& each : server_.headers) {
    const auto scheme = each.value.find(' ');
    reply.body = without_key(std::move(reply.body), each.value);
    if (scheme == std::string::npos) continue;
    reply.body =
        without_key(std::move(reply.body), each.value.substr(scheme + 1));
  }
  return error_of_reply(reply, wall_now());
}

void mcp_http::keep_session(const http_response& head) {
  const auto name = head.header("mcp-session-id");
  const std::lock_guard lock{mutex_};
  is_lost_ = false;
  session_ = name.value_or("");
}

/// Servers that were started anew know no session of before.
void mcp_http::check_session(const http_response& head) {
  if (head.status != 404) return;
  const std::lock_guard lock{mutex_};
  if (session_.empty()) return;
  session_.clear();
  is_lost_ = true;
  throw error{errc::request_failed, "the MCP server does not know us any more"};
}

/// The answer, if `text` is that; another message is answered itself.
task<std::optional<json>> mcp_http::take(std::string text, std::uint64_t id,
                                         mcp::agreement under) {
  json message = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (message.is_discarded()) {
    throw error{errc::bad_reply, "the MCP server sent what is no JSON"};
  }
  if (mcp::answered_id(message) == id) co_return message;
  // An error about a request that could not be read has no number.
  if (message.is_object() && message.contains("error") &&
      message.value("id", json()).is_null()) {
    co_return message;
  }
  auto told = mcp::message_in(message);
  if (told.answer) {
    auto answering = notify(std::move(*told.answer), std::move(under));
    co_await answering;
  }
  co_return std::nullopt;
}

task<json> mcp_http::answer_in(http_stream stream, std::uint64_t id,
                               mcp::agreement under) {
  const auto type = stream.head().header("content-type");
  const bool is_stream = type && type->rfind("text/event-stream", 0) == 0;
  sse_parser events{options_.message_max};
  std::string body;
  for (;;) {
    auto reading = stream.read();
    const auto part = co_await reading;
    if (!part) break;
    if (!is_stream) {
      body += *part;
      continue;
    }
    events.feed(*part);
    while (auto event = events.next()) {
      // Some servers begin with an event that says nothing.
      if (event->data.empty()) continue;
      auto taking = take(std::move(event->data), id, under);
      auto found = co_await taking;
      if (found) co_return std::move(*found);
    }
  }
  const int status = stream.head().status;
  if (!is_stream) {
    const bool is_json = json::accept(body) &&
                         body.find_first_not_of(" \r\n\t") != std::string::npos;
    if (is_json) {
      auto taking = take(body, id, under);
      auto found = co_await taking;
      if (found) co_return std::move(*found);
    } else if (status >= 400 && status < 500 && status != 401 &&
               status != 403 && status != 429) {
      // What an older server says of what it does not know.
      if (!under.has_session) co_return json();
    }
  }
  if (status >= 300) {
    http_response reply = stream.head();
    reply.body = std::move(body);
    throw refusal_in(std::move(reply));
  }
  throw error{errc::bad_reply, "the MCP server gave no answer"};
}

task<json> mcp_http::exchange(std::uint64_t id, json request,
                              mcp::agreement under) {
  const auto self = shared_from_this();
  const bool opens = request.value("method", "") == "initialize";
  auto opening = web_.open(post_of(request, under));
  auto stream = co_await opening;
  if (opens) {
    keep_session(stream.head());
  } else {
    check_session(stream.head());
  }
  auto reading = answer_in(std::move(stream), id, std::move(under));
  co_return co_await reading;
}

task<> mcp_http::notify(json message, mcp::agreement under) {
  const auto self = shared_from_this();
  auto sending = web_.send(post_of(message, under));
  auto reply = co_await sending;
  if (reply.status >= 300) throw refusal_in(std::move(reply));
}

}  // namespace

std::shared_ptr<mcp_transport> make_http_transport(http_client web,
                                                   mcp_address server,
                                                   const mcp_options& options) {
  return std::make_shared<mcp_http>(std::move(web), std::move(server), options);
}

}  // namespace troupe::llm::detail
