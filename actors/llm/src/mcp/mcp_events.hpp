#pragma once

#include "core/fiber_actor.hpp"
#include "mcp/mcp_web.hpp"

#include <troupe/http/sse.hpp>

#include <atomic>
#include <cassert>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::llm::detail {

/// A server of the revision 2024-11-05 over HTTP: requests are posted, and all
/// answers come on one stream of events.
///
/// Only tasks that wait for an answer read the stream, one at a time; a task
/// that has its answer leaves the reading to another. A read that is cancelled
/// ends the stream, and with it the session. As some servers hold back their
/// response to the POST until they have answered, or for good, or answer in it,
/// the stream is read beside it, from a moment after the POST on.
///
/// Thread safety: internally synchronised.
class mcp_events : public std::enable_shared_from_this<mcp_events> {
 public:
  /// Asks for the stream. Null where there is none, or it does not say at once
  /// where to post.
  /// Errors: throws a permanent `errc::request_failed` where that is another
  /// server.
  [[nodiscard]] static task<std::shared_ptr<mcp_events>> opened(
      std::shared_ptr<mcp_web> web, mcp_options options, mcp_session of);

  mcp_events(std::shared_ptr<mcp_web> web, const mcp_options& options,
             http_stream stream);

  /// @pre nobody waits
  void on_notification(mcp_hearing who) {
    assert(waiting_.empty());
    hears_ = std::move(who);
  }

  [[nodiscard]] bool is_open();
  /// Those of `mcp_transport`.
  [[nodiscard]] task<json> exchange(std::uint64_t id, json request,
                                    mcp_session of);
  [[nodiscard]] task<> notify(json message, mcp_session of);

 private:
  class seat;
  class next_news;
  /// The message that wakes a waiting request.
  struct news;
  /// A task that waits for an answer.
  struct place;

  static task<std::shared_ptr<mcp_events>> asked_for(
      std::shared_ptr<mcp_web> web, mcp_options options, mcp_session of);
  task<> find_endpoint(std::string base);
  task<http_stream> sent(json message, mcp_session of);
  task<> post_for(seat& whose, json request, mcp_session of);
  task<> await_for(seat& whose, mcp_session of);
  task<> hold_back(std::uint64_t id);
  task<json> read_for(seat& reader, mcp_session of);
  task<> take_more(seat& reader);
  std::optional<json> take_events(std::uint64_t id, std::vector<json>& replies);
  bool waits_alone();
  void deliver(json message);
  void pass_on(std::uint64_t from);
  void let_read(std::uint64_t id);
  void wait(std::uint64_t id, troupe::detail::waker who);
  void end_all(const error& why);

  const std::shared_ptr<mcp_web> web_;
  const mcp_options options_;
  std::string endpoint_;
  mcp_hearing hears_;

  // Of the one that reads.
  http_stream stream_;
  sse_parser events_;

  /// It has answered in a response.
  std::atomic<bool> answers_posts_ = false;
  std::mutex mutex_;
  std::map<std::uint64_t, place> waiting_;
  bool is_read_ = false;
  std::optional<error> ended_;
};

}  // namespace troupe::llm::detail
