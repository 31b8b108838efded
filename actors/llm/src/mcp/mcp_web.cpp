#include "mcp/mcp_web.hpp"

#include "base/wall_clock.hpp"
#include "mcp/mcp_answer.hpp"

#include <troupe/http/url.hpp>
#include <troupe/llm/reply_error.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::llm::detail {

namespace {

constexpr int redirects_max = 5;
/// The most that is read of a response that refuses a request.
constexpr std::size_t refusal_max = std::size_t{64} << 10;
/// The maximum size of a stream of events, as a multiple of the largest
/// message.
constexpr std::size_t stream_factor = 64;
constexpr const char* session_header = "mcp-session-id";

/// Returns the address to which a response redirects the request, if it does.
std::optional<std::string> redirect_in(const http_response& head,
                                       const http_request& asked) {
  const int status = head.status;
  const auto place = head.header("location");
  if (!place ||
      (status != 301 && status != 302 && status != 307 && status != 308)) {
    return std::nullopt;
  }
  auto to = resolved_url(asked.url, *place);
  if (has_same_origin(asked.url, to)) return to;
  throw error{errc::request_failed,
              "the MCP server answered " + asked_by(asked) +
                  " with a redirect to '" + troupe::detail::shown_url(to) +
                  "', which is another server; if that is right, name it in "
                  "mcp_address.url"}
      .permanent();
}

/// The error of the protocol in the body of a refusal.
std::optional<json> failure_in(const http_response& reply,
                               std::size_t bytes_max) {
  const int status = reply.status;
  if (status < 400 || status >= 500 || status == 401 || status == 403 ||
      status == 429) {
    return std::nullopt;
  }
  for (auto& each : mcp::read_text(reply.body, bytes_max).messages) {
    const auto failure = each.find("error");
    if (each.contains("jsonrpc") && failure != each.end() &&
        failure->is_object()) {
      return std::move(each);
    }
  }
  return std::nullopt;
}

}  // namespace

namespace {

constexpr std::size_t token_max = std::size_t{16} << 10;

troupe::detail::secrets secrets_of(const mcp_address& server) {
  troupe::detail::secrets known;
  known.add(server.headers);
  known.add_url(server.url);
  return known;
}

/// Errors: throws a permanent `errc::bad_value`.
std::string token_of(const mcp_address& server) {
  auto token = server.bearer();
  const bool fits = token.size() <= token_max &&
                    std::all_of(token.begin(), token.end(), [](char each) {
                      return each > ' ' && each <= '~';
                    });
  if (fits) return token;
  throw error{errc::bad_value,
              "mcp_address.bearer returned a token that cannot be sent: a "
              "token is visible ASCII of at most 16,384 bytes"}
      .permanent();
}

bool is_authorization(const http_header& each) {
  constexpr std::string_view name = "authorization";
  return std::equal(
      each.name.begin(), each.name.end(), name.begin(), name.end(),
      [](char one, char other) {
        return (one >= 'A' && one <= 'Z' ? one + ('a' - 'A') : one) == other;
      });
}

}  // namespace

mcp_web::mcp_web(http_client web, mcp_address server,
                 const mcp_options& options)
    : web_(std::move(web)),
      server_(std::move(server)),
      options_(options),
      secrets_(std::make_shared<troupe::detail::secrets>(secrets_of(server_))),
      url_(server_.url) {}

std::uint64_t mcp_web::begin() {
  const std::lock_guard lock{mutex_};
  session_.clear();
  is_lost_ = false;
  changes_ = nullptr;
  listening_ = nullptr;
  return ++epoch_;
}

bool mcp_web::is_open(std::uint64_t epoch) {
  const std::lock_guard lock{mutex_};
  return epoch == epoch_ && !is_lost_;
}

error mcp_web::clean(error why) const {
  return known_secrets()->without(std::move(why));
}

error mcp_web::named(error why) const {
  std::string url;
  {
    const std::lock_guard lock{mutex_};
    url = url_;
  }
  return troupe::detail::with_place(clean(std::move(why)),
                                    troupe::detail::shown_url(url));
}

std::shared_ptr<const troupe::detail::secrets> mcp_web::known_secrets() const {
  const std::lock_guard lock{mutex_};
  return secrets_;
}

std::string mcp_web::identity() const {
  return server_.bearer ? token_of(server_) : std::string{};
}

/// Gives a request the token of now. Whether it had another one.
bool mcp_web::show_token(http_request& ask) {
  if (!server_.bearer) return false;
  const auto token = token_of(server_);
  {
    const std::lock_guard lock{mutex_};
    if (token != token_) {
      auto known = secrets_of(server_);
      known.add(token_);
      known.add(token);
      secrets_ =
          std::make_shared<const troupe::detail::secrets>(std::move(known));
      token_ = token;
    }
  }
  if (token.empty()) return false;
  const auto shown = "Bearer " + token;
  const auto old =
      std::find_if(ask.headers.begin(), ask.headers.end(), is_authorization);
  if (old != ask.headers.end() && old->value == shown) return false;
  ask.headers.erase(
      std::remove_if(ask.headers.begin(), ask.headers.end(), is_authorization),
      ask.headers.end());
  ask.headers.push_back({"authorization", shown});
  return true;
}

// -- requests -----------------------------------------------------------------

http_request mcp_web::request(const char* method, const mcp_session& of) {
  const auto session = session_of(of);
  http_request ask{method, {}};
  {
    const std::lock_guard lock{mutex_};
    ask.url = url_;
  }
  ask.headers = server_.headers;
  show_token(ask);
  if (session) ask.headers.push_back({session_header, *session});
  ask.limits.total = options_.time_limit;
  ask.limits.first_byte = options_.time_limit;
  ask.limits.idle = options_.time_limit;
  const auto most = std::numeric_limits<std::size_t>::max() / stream_factor;
  ask.limits.body_max = std::min(options_.message_max, most) * stream_factor;
  return ask;
}

mcp_asked mcp_web::asked(const http_request& request) {
  const bool in_session =
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const auto& each) { return each.name == session_header; });
  return {asked_by(request), in_session};
}

task<http_stream> mcp_web::followed(http_request ask) {
  bool is_renewed = false;
  for (int hops = 0; hops <= redirects_max; ++hops) {
    auto opening = web_.open(ask);
    auto stream = co_await opening;
    if (stream.head().status == 401 && !is_renewed) {
      is_renewed = true;
      if (show_token(ask)) continue;
    }
    auto to = redirect_in(stream.head(), ask);
    if (!to) co_return stream;
    const int status = stream.head().status;
    const std::lock_guard lock{mutex_};
    if ((status == 301 || status == 308) && url_ == ask.url) url_ = *to;
    ask.url = std::move(*to);
  }
  throw error{errc::request_failed,
              "the MCP server redirected a request more than " +
                  std::to_string(redirects_max) + " times, finally to '" +
                  troupe::detail::shown_url(ask.url) + "'"}
      .permanent();
}

// -- sessions -----------------------------------------------------------------

void mcp_web::keep_session(const http_response& head, const mcp_session& of) {
  const auto name = head.header(session_header);
  const std::lock_guard lock{mutex_};
  if (of.epoch == epoch_) session_ = name.value_or("");
}

/// The name of the session at the server, where it has one.
std::optional<std::string> mcp_web::session_of(const mcp_session& of) {
  const std::lock_guard lock{mutex_};
  if (of.epoch != epoch_ || is_lost_) {
    throw mcp_session_lost{
        {errc::request_failed, "the session with the MCP server is over"}};
  }
  if (session_.empty()) return std::nullopt;
  return session_;
}

void mcp_web::lose_session(const mcp_session& of) {
  const std::lock_guard lock{mutex_};
  if (of.epoch == epoch_) is_lost_ = true;
}

// A server that wants to keep it says 405, which is fine.
void mcp_web::end_session() noexcept {
  constexpr duration limit = std::chrono::seconds{2};
  try {
    mcp_session last;
    {
      const std::lock_guard lock{mutex_};
      if (session_.empty() || is_lost_) return;
      last.epoch = epoch_;
    }
    auto ask = request("DELETE", last);
    ask.limits.total = std::min<duration>(ask.limits.total, limit);
    web_.send_off(std::move(ask));
  } catch (...) {
    // Nobody is there any more to be told.
  }
}

// -- changes ------------------------------------------------------------------

bool mcp_web::may_hear() {
  const std::lock_guard lock{mutex_};
  return !changes_ || (changes_->is_over() && !changes_->is_refused());
}

void mcp_web::hear(http_request ask, mcp_hearing to) {
  constexpr duration limit = std::chrono::hours{24};
  ask.limits.total = limit;
  ask.limits.idle = limit;
  auto changes =
      std::make_shared<mcp_changes>(options_.message_max, std::move(to));
  auto begun =
      troupe::detail::http_listening::begun(web_, std::move(ask), changes);
  const std::lock_guard lock{mutex_};
  changes_ = std::move(changes);
  // The one before it, if two asked at once, ends with this.
  listening_.swap(begun);
}

// -- refusals -----------------------------------------------------------------

// Without what the user's headers have to say who they are.
error mcp_web::refusal_in(http_response reply, const mcp_asked& asked) const {
  reply.body = known_secrets()->without(std::move(reply.body));
  auto why = error_of_reply(reply, wall_now(), asked.what);
  if (reply.status != 401 && reply.status != 403) return clean(why);
  auto text = why.message();
  const auto place =
      mcp::resource_metadata_in(reply.header("www-authenticate").value_or(""));
  if (!place.empty()) {
    text += "; the server describes how to get access at " + shown_text(place);
  }
  return clean(error{errc::unauthorized, std::move(text)}.permanent());
}

task<json> mcp_web::refused(http_stream stream, mcp_asked asked,
                            mcp_session of) {
  http_response reply = stream.head();
  try {
    while (reply.body.size() < refusal_max) {
      auto reading = stream.read();
      const auto part = co_await reading;
      if (!part) break;
      reply.body += *part;
    }
  } catch (const error&) {
    // The status says enough.
  }
  const int status = reply.status;
  if (asked.in_session && mcp::denies_session(status, reply.body)) {
    lose_session(of);
    throw mcp_session_lost{refusal_in(std::move(reply), asked)};
  }
  if (auto failure = failure_in(reply, refusal_max * 2)) {
    co_return std::move(*failure);
  }
  throw mcp_refusal{refusal_in(std::move(reply), asked), status};
}

}  // namespace troupe::llm::detail
