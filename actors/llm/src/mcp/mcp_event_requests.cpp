#include "mcp/mcp_event_waits.hpp"

#include <troupe/gather.hpp>
#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

// The way of an answer of a server of 2024-11-05.

namespace troupe::llm::detail {

namespace {

using namespace std::chrono_literals;

/// The time for the response to a POST, which is there at once as a rule,
/// before the stream is read.
constexpr duration response_grace = 50ms;
/// The same for a server that has answered in one.
constexpr duration answer_grace = 10s;
/// The longest wait for the response to what has no answer.
constexpr duration notice_limit = 5s;
/// Replies to requests of the server between two reads.
constexpr std::size_t said_at_once_max = 100;
constexpr std::size_t shown_max = 300;

/// Ends what else is done for a request once it is answered.
struct request_answered : std::exception {
  explicit request_answered(json given) : answer(std::move(given)) {}
  json answer;
};

}  // namespace

// -- requests -----------------------------------------------------------------

/// The response to a message, with a good status.
/// Errors: throws `request_answered` where it is refused with an error of the
/// protocol.
task<http_stream> mcp_events::sent(json message, mcp_session of) {
  auto ask = web_->request("POST", of);
  ask.url = endpoint_;
  ask.body = write_json(message, bad_text::replaced);
  ask.headers.push_back({"content-type", "application/json"});
  // The session is in the address.
  mcp_asked asked{mcp_web::asked(ask).what, true};
  auto sending = web_->followed(std::move(ask));
  auto stream = co_await sending;
  if (stream.head().status < 300) co_return stream;
  auto refusing = web_->refused(std::move(stream), std::move(asked), of);
  const json failure = co_await refusing;
  throw request_answered{failure};
}

task<> mcp_events::notify(json message, mcp_session of) {
  const auto self = shared_from_this();
  auto sending = sent(std::move(message), of);
  const auto limit = std::min(notice_limit, options_.time_limit / 4);
  auto limited = within(limit, std::move(sending));
  try {
    co_await limited;
  } catch (const request_answered& refused) {
    throw error{errc::request_failed,
                "the MCP server refused a message: " +
                    printable(write_json(refused.answer, bad_text::replaced),
                              line_breaks::joined, shown_max)};
  } catch (const error& why) {
    // Some servers have the message and never say so.
    if (why.code() != errc::timed_out) throw;
  }
}

task<> mcp_events::post_for(seat& whose, json request, mcp_session of) {
  auto sending = sent(std::move(request), of);
  auto stream = co_await sending;
  std::string body;
  while (stream.head().status == 200 && body.size() <= options_.message_max) {
    auto reading = stream.read();
    const auto part = co_await reading;
    if (!part) break;
    body += *part;
  }
  // Most say "Accepted".
  for (auto& each : mcp::read_text(body, options_.message_max).messages) {
    if (mcp::answered_id(each) != whose.id) continue;
    answers_posts_ = true;
    throw request_answered{std::move(each)};
  }
  let_read(whose.id);
}

task<> mcp_events::hold_back(std::uint64_t id) {
  sleep_for pause{answers_posts_ ? answer_grace : response_grace};
  co_await pause;
  let_read(id);
}

task<> mcp_events::await_for(seat& whose, mcp_session of) {
  next_news waiting{*this, whose.id};
  auto came = co_await waiting;
  if (came.failure) throw error{*came.failure};
  if (!came.reads) throw request_answered{std::move(came.answer)};
  auto reading = read_for(whose, of);
  json answer = co_await reading;
  throw request_answered{std::move(answer)};
}

task<json> mcp_events::exchange(std::uint64_t id, json request,
                                mcp_session of) {
  const auto self = shared_from_this();
  seat mine{*this, id};
  std::vector<task<>> work;
  work.push_back(await_for(mine, of));
  work.push_back(post_for(mine, std::move(request), of));
  work.push_back(hold_back(id));
  auto all = gather(std::move(work));
  try {
    co_await all;
  } catch (const request_answered& came) {
    co_return came.answer;
  }
  throw error{errc::request_failed, "the MCP server sent no answer"};
}

// -- the one that reads -------------------------------------------------------

task<> mcp_events::take_more(seat& reader) {
  reader.is_reading = true;
  auto reading = stream_.read();
  try {
    const auto part = co_await reading;
    reader.is_reading = false;
    if (!part) {
      throw error{errc::request_failed,
                  "the MCP server closed its event stream"};
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

}  // namespace troupe::llm::detail
