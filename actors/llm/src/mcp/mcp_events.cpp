#include "mcp/mcp_events.hpp"

#include "mcp/mcp_event_waits.hpp"

#include <troupe/http/url.hpp>
#include <troupe/printable.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <utility>

namespace troupe::llm::detail {

using troupe::detail::answer_of;
using troupe::detail::waker;

namespace {

using namespace std::chrono_literals;

/// A server says where to post as soon as there is a stream.
constexpr duration endpoint_limit = 10s;
constexpr duration stream_limit = 24h;

}  // namespace

// -- opening ------------------------------------------------------------------

mcp_events::mcp_events(std::shared_ptr<mcp_web> web, const mcp_options& options,
                       http_stream stream)
    : web_(std::move(web)),
      options_(options),
      stream_(std::move(stream)),
      events_(options.message_max) {}

task<std::shared_ptr<mcp_events>> mcp_events::opened(
    std::shared_ptr<mcp_web> web, mcp_options options, mcp_session of) {
  const auto limit = std::min(endpoint_limit, options.time_limit);
  auto asking = asked_for(std::move(web), std::move(options), of);
  auto limited = within(limit, std::move(asking));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    if (why.is_permanent()) throw;
  }
  co_return nullptr;
}

task<std::shared_ptr<mcp_events>> mcp_events::asked_for(
    std::shared_ptr<mcp_web> web, mcp_options options, mcp_session of) {
  auto ask = web->request("GET", of);
  const auto base = ask.url;
  ask.headers.push_back({"accept", "text/event-stream"});
  ask.limits.total = stream_limit;
  ask.limits.idle = stream_limit;
  auto opening = web->followed(std::move(ask));
  auto stream = co_await opening;
  if (stream.head().status >= 300) co_return nullptr;
  auto made =
      std::make_shared<mcp_events>(std::move(web), options, std::move(stream));
  auto finding = made->find_endpoint(base);
  co_await finding;
  if (made->endpoint_.empty()) co_return nullptr;
  co_return made;
}

task<> mcp_events::find_endpoint(std::string base) {
  for (;;) {
    auto reading = stream_.read();
    const auto part = co_await reading;
    if (!part) co_return;
    events_.feed(*part);
    while (const auto event = events_.next()) {
      if (event->type != "endpoint") continue;
      auto address = resolved_url(base, event->data);
      if (!has_same_origin(base, address)) {
        throw error{errc::request_failed,
                    "the MCP server asks for requests to be sent to '" +
                        printable(origin_of(address)) +
                        "', which is another server"}
            .permanent();
      }
      endpoint_ = std::move(address);
      co_return;
    }
  }
}

bool mcp_events::is_open() {
  const std::lock_guard lock{mutex_};
  return !ended_;
}

// -- those who wait -----------------------------------------------------------

void mcp_events::wait(std::uint64_t id, waker who) {
  news now;
  {
    const std::lock_guard lock{mutex_};
    auto& mine = waiting_.at(id);
    if (mine.answer) {
      now.answer = std::move(*mine.answer);
    } else if (ended_) {
      now.failure = ended_;
    } else if (!is_read_ && mine.may_read) {
      is_read_ = mine.reads = now.reads = true;
    } else {
      mine.who = who;
      return;
    }
  }
  who(caf::make_counted<answer_of<news>>(std::move(now)));
}

/// An error without an id is about the only one that waits.
bool mcp_events::waits_alone() {
  const std::lock_guard lock{mutex_};
  return waiting_.size() == 1;
}

void mcp_events::deliver(json message) {
  std::optional<waker> who;
  {
    const std::lock_guard lock{mutex_};
    const auto id = mcp::answered_id(message);
    const auto found = id ? waiting_.find(*id) : waiting_.end();
    if (found == waiting_.end()) return;
    who = std::exchange(found->second.who, std::nullopt);
    if (!who) found->second.answer = std::move(message);
  }
  if (!who) return;
  news arrived;
  arrived.answer = std::move(message);
  (*who)(caf::make_counted<answer_of<news>>(std::move(arrived)));
}

/// One waits no more. If it was the one to read, another one is now.
void mcp_events::pass_on(std::uint64_t from) {
  std::optional<waker> next;
  {
    const std::lock_guard lock{mutex_};
    const auto leaving = waiting_.find(from);
    if (leaving == waiting_.end()) return;
    const bool was_reading = leaving->second.reads;
    waiting_.erase(leaving);
    if (!was_reading) return;
    is_read_ = false;
    for (auto& [id, other] : waiting_) {
      if (!other.who || !other.may_read) continue;
      next = std::exchange(other.who, std::nullopt);
      is_read_ = other.reads = true;
      break;
    }
  }
  if (!next) return;
  news turn;
  turn.reads = true;
  (*next)(caf::make_counted<answer_of<news>>(std::move(turn)));
}

/// One that waits may read, now or later.
void mcp_events::let_read(std::uint64_t id) {
  std::optional<waker> next;
  {
    const std::lock_guard lock{mutex_};
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    auto& mine = found->second;
    mine.may_read = true;
    if (is_read_ || !mine.who) return;
    next = std::exchange(mine.who, std::nullopt);
    is_read_ = mine.reads = true;
  }
  news turn;
  turn.reads = true;
  (*next)(caf::make_counted<answer_of<news>>(std::move(turn)));
}

void mcp_events::end_all(const error& why) {
  std::vector<waker> all;
  {
    const std::lock_guard lock{mutex_};
    ended_ = why;
    for (auto& [id, other] : waiting_) {
      if (other.who) all.push_back(*std::exchange(other.who, std::nullopt));
    }
  }
  for (const auto& each : all) {
    news end;
    end.failure = why;
    each(caf::make_counted<answer_of<news>>(std::move(end)));
  }
}

}  // namespace troupe::llm::detail
