#include "mcp_events.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/url.hpp>
#include <troupe/printable.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <utility>

namespace troupe::llm::detail {

using troupe::detail::answer_of;
using troupe::detail::fiber_actor;
using troupe::detail::waker;

namespace {

using namespace std::chrono_literals;

/// A server says where to post as soon as there is a stream.
constexpr duration endpoint_limit = 10s;
constexpr duration stream_limit = 24h;
/// Replies to requests of the server between two reads.
constexpr std::size_t said_at_once_max = 100;

}  // namespace

struct mcp_events::news {
  json answer;
  std::optional<error> failure;
  /// It is its turn to read.
  bool reads = false;
};

struct mcp_events::place {
  std::optional<waker> who;
  std::optional<json> answer;
  bool reads = false;
};

/// The place of one who waits. With it goes the turn to read.
class mcp_events::seat {
 public:
  seat(mcp_events& at, std::uint64_t number) : from(at), id(number) {
    const std::lock_guard lock{from.mutex_};
    if (from.ended_) throw mcp_session_lost{*from.ended_};
    if (from.waiting_.size() >= from.options_.requests_max) {
      throw error{errc::overloaded, "too many requests to an MCP server"};
    }
    from.waiting_.try_emplace(id);
  }
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;
  ~seat() {
    if (is_reading) {
      from.end_all({errc::request_failed,
                    "the stream of the MCP server has ended with a request "
                    "that was given up"});
    }
    from.pass_on(id);
  }

  mcp_events& from;
  const std::uint64_t id;
  bool is_reading = false;
};

/// Awaitable: the answer, or the turn to read.
class [[nodiscard]] mcp_events::next_news final
    : private troupe::detail::waiter {
 public:
  next_news(mcp_events& from, std::uint64_t id) : from_(from), id_(id) {}

  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    auto* owner = dynamic_cast<fiber_actor*>(&host);
    if (owner == nullptr) {
      throw error{errc::request_failed, "only an actor can wait for a server"};
    }
    from_.wait(id_, owner->waker_for(key));
  }
  news await_resume() { return std::move(came_); }

 private:
  void receive(void* answer) override {
    came_ = std::move(*static_cast<news*>(answer));
  }

  mcp_events& from_;
  const std::uint64_t id_;
  news came_;
};

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
                    "the MCP server wants requests to be sent to '" +
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

// -- requests -----------------------------------------------------------------

task<> mcp_events::notify(json message, mcp_session of) {
  const auto self = shared_from_this();
  auto ask = web_->request("POST", of);
  ask.url = endpoint_;
  ask.body = write_json(message, bad_text::replaced);
  ask.headers.push_back({"content-type", "application/json"});
  // The session is in the address.
  mcp_asked asked{mcp_web::asked(ask).what, true};
  auto sending = web_->followed(std::move(ask));
  auto stream = co_await sending;
  if (stream.head().status < 300) co_return;
  auto refusing = web_->refused(std::move(stream), std::move(asked), of);
  co_await refusing;
  throw error{errc::request_failed, "the MCP server refuses a message"};
}

task<json> mcp_events::exchange(std::uint64_t id, json request,
                                mcp_session of) {
  const auto self = shared_from_this();
  seat mine{*this, id};
  auto posting = notify(std::move(request), of);
  co_await posting;
  next_news waiting{*this, id};
  auto came = co_await waiting;
  if (came.failure) throw error{*came.failure};
  if (!came.reads) co_return std::move(came.answer);
  auto reading = read_for(mine, of);
  co_return co_await reading;
}

// -- the one that reads -------------------------------------------------------

task<> mcp_events::take_more(seat& reader) {
  reader.is_reading = true;
  auto reading = stream_.read();
  try {
    const auto part = co_await reading;
    reader.is_reading = false;
    if (!part) {
      throw error{errc::request_failed, "the MCP server has ended its stream"};
    }
    events_.feed(*part);
  } catch (const error& why) {
    reader.is_reading = false;
    end_all(why);
    throw;
  }
}

/// The answer to the one that reads, if it is among the events that have come.
std::optional<json> mcp_events::take_events(std::uint64_t id,
                                            std::vector<json>& replies) {
  while (replies.size() < said_at_once_max) {
    const auto event = events_.next();
    if (!event) break;
    auto read = mcp::read_text(event->data, options_.message_max);
    if (!read.fault.empty()) {
      throw error{errc::bad_reply,
                  "an answer of the MCP server cannot be read: " + read.fault};
    }
    std::optional<json> mine;
    for (auto& each : read.messages) {
      if (mcp::answered_id(each) == id ||
          (mcp::is_failure_of_unknown(each) && waits_alone())) {
        mine = std::move(each);
      } else if (mcp::is_answer(each)) {
        deliver(std::move(each));
      } else if (auto told = mcp::message_in(each)) {
        if (told->answer) {
          replies.push_back(std::move(*told->answer));
        } else if (hears_) {
          hears_(told->method);
        }
      }
    }
    if (mine) return mine;
  }
  return std::nullopt;
}

task<json> mcp_events::read_for(seat& reader, mcp_session of) {
  for (;;) {
    std::vector<json> replies;
    auto mine = take_events(reader.id, replies);
    for (auto& each : replies) {
      auto answering = notify(std::move(each), of);
      try {
        co_await answering;
      } catch (const mcp_refusal&) {
        // A server that takes no answer gets none.
      }
    }
    if (mine) co_return std::move(*mine);
    if (!replies.empty()) continue;
    auto reading = take_more(reader);
    co_await reading;
  }
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
    } else if (!is_read_) {
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
      if (!other.who) continue;
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
