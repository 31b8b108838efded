#include "mcp/mcp_answer.hpp"
#include "mcp/mcp_events.hpp"
#include "mcp/mcp_param_book.hpp"
#include "mcp/mcp_transport.hpp"
#include "mcp/mcp_web.hpp"

#include <troupe/http/sse.hpp>
#include <troupe/json_text.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::llm::detail {

namespace {

using namespace std::chrono_literals;

/// The wait before a stream is asked for again, where the server does not say,
/// and the least one.
constexpr duration usual_retry = 1s;
constexpr duration retry_min = 20ms;
constexpr duration retry_max = 10s;
/// For what is sent when nobody waits any more.
constexpr duration send_off_limit = 5s;

/// The position at which a stream of events is to go on.
struct resumption {
  std::string last_id;
  duration wait = usual_retry;
};

/// The kind of the body of a response, by its first byte.
enum class body_kind : std::uint8_t { unknown, whole, events };

body_kind kind_of(std::string_view& body) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (body.starts_with(byte_order_mark)) {
    body.remove_prefix(byte_order_mark.size());
  }
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == body.npos) return body_kind::unknown;
  const char byte = body[first];
  const bool is_whole = byte == '{' || byte == '[' || byte == '<';
  return is_whole ? body_kind::whole : body_kind::events;
}

/// Over HTTP: each message is a request of its own, and what the server says
/// about it comes in the response.
class mcp_http final : public mcp_transport,
                       public std::enable_shared_from_this<mcp_http> {
 public:
  mcp_http(http_client web, mcp_address server, const mcp_options& options)
      : web_(std::make_shared<mcp_web>(std::move(web), std::move(server),
                                       options)),
        options_(options) {}
  /// Says to the server that its session is over.
  ~mcp_http() override {
    if (!events()) web_->end_session();
  }

  std::uint64_t begin() override;
  bool is_open(std::uint64_t epoch) override;
  task<json> exchange(std::uint64_t id, json request, mcp_session of) override;
  task<> notify(json message, mcp_session of) override;
  void send_off(json request, const mcp_session& of) override;
  void listen(json request, const mcp_session& of) override;
  std::string identity() override { return web_->identity(); }
  std::string remark() override {
    const std::lock_guard lock{mutex_};
    return remark_;
  }
  error clean(error why) const override { return web_->clean(std::move(why)); }
  error named(error why) const override { return web_->named(std::move(why)); }
  bool mirrors_params() const override { return true; }

 private:
  http_request post_of(const json& message, const mcp_session& of);
  task<json> posted(std::uint64_t id, json request, mcp_session of);
  task<json> opened(std::uint64_t id, json request, mcp_session of);
  task<json> answer_in(http_stream stream, std::uint64_t id, std::string method,
                       mcp_session of);
  task<bool> read(http_stream& stream, mcp_answer_search& search,
                  resumption& later, mcp_session of);
  task<http_stream> resumed(resumption& later, mcp_session of);
  task<> say(std::vector<json> replies, mcp_session of);
  void keep_remark(const mcp_answer_search& search);
  std::shared_ptr<mcp_events> events();

  const std::shared_ptr<mcp_web> web_;
  const mcp_options options_;
  std::mutex mutex_;
  std::string remark_;
  mcp_param_book params_;
  /// Of a server of 2024-11-05, which answers over a stream of its own.
  std::shared_ptr<mcp_events> events_;
};

http_request mcp_http::post_of(const json& message, const mcp_session& of) {
  auto ask = web_->request("POST", of);
  ask.body = write_json(message, bad_text::replaced);
  const auto add = [&](const char* name, const std::string& value) {
    ask.headers.push_back({name, value});
  };
  add("content-type", "application/json");
  add("accept", "application/json, text/event-stream");
  const auto method = message.value("method", "");
  if (method != "initialize") add("mcp-protocol-version", of.under.revision);
  if (!of.under.has_session) {
    add("mcp-method", method);
    if (const auto name = mcp::name_in(message)) {
      add("mcp-name", mcp::header_value(*name));
    }
    if (method == "tools/call") params_.add_to(ask.headers, message);
  }
  return ask;
}

// -- answers ------------------------------------------------------------------

void mcp_http::keep_remark(const mcp_answer_search& search) {
  if (search.passed_over().empty()) return;
  const std::lock_guard lock{mutex_};
  if (!remark_.empty()) return;
  remark_ = "the MCP server sent " + search.passed_over() +
            ", which is not a message";
}

task<> mcp_http::say(std::vector<json> replies, mcp_session of) {
  for (auto& each : replies) {
    auto answering = notify(std::move(each), of);
    try {
      co_await answering;
    } catch (const mcp_refusal&) {
      // A server that takes no answer gets none; its own is awaited all the
      // same.
    }
  }
}

/// Reads a response to its end, or to the answer. Whether that was there.
task<bool> mcp_http::read(http_stream& stream, mcp_answer_search& search,
                          resumption& later, mcp_session of) {
  auto kind = body_kind::unknown;
  sse_parser events{options_.message_max};
  std::string body;
  for (;;) {
    auto reading = stream.read();
    const auto part = co_await reading;
    if (!part) break;
    if (kind != body_kind::events) {
      body += *part;
      if (body.size() > options_.message_max) {
        throw error{errc::too_large,
                    "the MCP server sent a message of more than " +
                        std::to_string(options_.message_max) + " bytes"}
            .permanent();
      }
      std::string_view all = body;
      if (kind == body_kind::unknown) kind = kind_of(all);
      if (kind != body_kind::events) continue;
      events.feed(all);
      body.clear();
    } else {
      events.feed(*part);
    }
    later.last_id = events.last_id();
    if (const auto wait = events.retry()) {
      later.wait = std::clamp<duration>(*wait, retry_min, retry_max);
    }
    while (auto event = events.next()) {
      // Some servers begin with an event that says nothing.
      if (event->data.empty()) continue;
      if (search.take(event->data)) co_return true;
      auto saying = say(search.replies(), of);
      co_await saying;
    }
  }
  if (kind != body_kind::events) {
    co_return !body.empty() && search.take(body);
  }
  // Some servers leave out the blank line behind the last event. What has come
  // of one at which the stream broke off is none.
  events.feed("\n\n");
  try {
    while (auto event = events.next()) {
      if (!event->data.empty() && search.take(event->data)) co_return true;
    }
  } catch (const error& why) {
    if (why.code() != errc::bad_reply) throw;
  }
  co_return false;
}

/// Asks for the rest of a stream that ended before the answer.
task<http_stream> mcp_http::resumed(resumption& later, mcp_session of) {
  for (;;) {
    sleep_for pause{later.wait};
    co_await pause;
    auto ask = web_->request("GET", of);
    auto asked = mcp_web::asked(ask);
    ask.headers.push_back({"accept", "text/event-stream"});
    ask.headers.push_back({"mcp-protocol-version", of.under.revision});
    ask.headers.push_back({"last-event-id", later.last_id});
    // A server that has nothing to say yet is asked less and less often.
    later.wait = std::min(later.wait * 2, retry_max);
    auto opening = web_->followed(std::move(ask));
    std::optional<http_stream> stream;
    try {
      stream = co_await opening;
    } catch (const error& why) {
      if (why.is_permanent() || why.code() != errc::request_failed) throw;
      continue;
    }
    const int status = stream->head().status;
    if (status < 300) co_return std::move(*stream);
    // 409: the server still takes the stream that broke off for open.
    if (status >= 500 || status == 409) continue;
    auto refusing = web_->refused(std::move(*stream), std::move(asked), of);
    try {
      co_await refusing;
    } catch (const mcp_session_lost& why) {
      // The server has looked at the request, which is not to be repeated.
      throw error{why};
    }
    throw error{errc::request_failed,
                "the MCP server stopped in the middle of its answer"};
  }
}

task<json> mcp_http::answer_in(http_stream stream, std::uint64_t id,
                               std::string method, mcp_session of) {
  mcp_answer_search search{id, std::move(method), options_.message_max,
                           hears()};
  resumption later;
  for (;;) {
    const auto before = later.last_id;
    auto reading = read(stream, search, later, of);
    try {
      if (co_await reading) co_return search.result();
    } catch (const error& why) {
      keep_remark(search);
      const bool broke_off =
          why.code() == errc::request_failed && !why.is_permanent();
      if (!broke_off || later.last_id.empty()) throw;
    }
    keep_remark(search);
    if (auto best = search.result(); !best.is_null()) co_return best;
    if (later.last_id.empty() || !of.under.has_session) break;
    auto resuming = resumed(later, of);
    stream = co_await resuming;
  }
  const auto& other = search.passed_over();
  error why{errc::bad_reply, "the MCP server sent no answer" +
                                 (other.empty() ? "" : "; it sent " + other)};
  if (of.under.has_session && mcp::says_session_is_lost(other)) {
    web_->lose_session(of);
    throw mcp_session_lost{std::move(why)};
  }
  throw error{why};
}

// -- the transport ------------------------------------------------------------

std::uint64_t mcp_http::begin() {
  const std::lock_guard lock{mutex_};
  events_ = nullptr;
  return web_->begin();
}

std::shared_ptr<mcp_events> mcp_http::events() {
  const std::lock_guard lock{mutex_};
  return events_;
}

bool mcp_http::is_open(std::uint64_t epoch) {
  const auto old = events();
  return web_->is_open(epoch) && (!old || old->is_open());
}

task<json> mcp_http::posted(std::uint64_t id, json request, mcp_session of) {
  auto ask = post_of(request, of);
  auto asked = mcp_web::asked(ask);
  const bool in_session = asked.in_session;
  const auto method = request.value("method", "");
  auto sending = web_->followed(std::move(ask));
  auto stream = co_await sending;
  if (method == "initialize") web_->keep_session(stream.head(), of);
  if (stream.head().status >= 300) {
    auto refusing = web_->refused(std::move(stream), std::move(asked), of);
    co_return co_await refusing;
  }
  auto reading = answer_in(std::move(stream), id, method, of);
  json answer = co_await reading;
  if (in_session && mcp::denies_session(answer)) {
    web_->lose_session(of);
    throw mcp_session_lost{{errc::request_failed, "the MCP session expired"}};
  }
  if (method == "tools/list" && !of.under.has_session) params_.learn(answer);
  co_return answer;
}

/// A server that takes no request at its address may be one of 2024-11-05,
/// which says on a stream where it does.
task<json> mcp_http::opened(std::uint64_t id, json request, mcp_session of) {
  auto posting = posted(id, request, of);
  std::optional<mcp_refusal> refusal;
  try {
    co_return co_await posting;
  } catch (const mcp_refusal& why) {
    const int status = why.status();
    if (status != 400 && status != 404 && status != 405) throw;
    refusal = why;
  }
  auto opening = mcp_events::opened(web_, options_, of);
  auto stream = co_await opening;
  if (!stream) throw mcp_refusal{*refusal};
  stream->on_notification(hears());
  {
    const std::lock_guard lock{mutex_};
    events_ = stream;
  }
  auto asking = stream->exchange(id, std::move(request), of);
  co_return co_await asking;
}

task<json> mcp_http::exchange(std::uint64_t id, json request, mcp_session of) {
  const auto self = shared_from_this();
  const auto old = events();
  if (old) {
    auto asking = old->exchange(id, std::move(request), of);
    co_return co_await asking;
  }
  auto work = request.value("method", "") == "initialize"
                  ? opened(id, std::move(request), of)
                  : posted(id, std::move(request), of);
  co_return co_await work;
}

void mcp_http::send_off(json request, const mcp_session& of) {
  if (events()) return;
  auto ask = post_of(request, of);
  ask.limits.total = std::min<duration>(ask.limits.total, send_off_limit);
  web_->send_off(std::move(ask));
}

void mcp_http::listen(json request, const mcp_session& of) {
  if (web_->may_hear()) web_->hear(post_of(request, of), hears());
}

// The reply to a message that has no answer does not matter: if it
// knows nothing of us, the next request tells.
task<> mcp_http::notify(json message, mcp_session of) {
  const auto self = shared_from_this();
  const auto old = events();
  if (old) {
    auto telling = old->notify(std::move(message), of);
    co_await telling;
    co_return;
  }
  auto ask = post_of(message, of);
  auto asked = mcp_web::asked(ask);
  auto sending = web_->followed(std::move(ask));
  auto stream = co_await sending;
  const int status = stream.head().status;
  if (status == 202 || status == 204) {
    auto reading = stream.read();
    co_await reading;
  }
  if (status != 401 && status != 403 && status != 429) co_return;
  asked.in_session = false;
  auto refusing = web_->refused(std::move(stream), std::move(asked), of);
  co_await refusing;
}

}  // namespace

std::shared_ptr<mcp_transport> make_http_transport(http_client web,
                                                   mcp_address server,
                                                   const mcp_options& options) {
  return std::make_shared<mcp_http>(std::move(web), std::move(server), options);
}

}  // namespace troupe::llm::detail
