#include "mcp/mcp_core.hpp"

#include <troupe/llm/mcp_lists.hpp>
#include <troupe/llm/mcp_mirrors.hpp>
#include <troupe/sleep.hpp>

#include <algorithm>

namespace troupe::llm::detail {

mcp_core::mcp_core(system& where, std::shared_ptr<mcp_transport> through,
                   mcp_options how)
    : options(std::move(how)),
      transport_(std::move(through)),
      greeting_(where, 1) {
  transport_->on_notification([mine = shelf](const std::string& method) {
    if (method == "notifications/tools/list_changed") mine->forget();
  });
}

namespace {

/// A server of before 2026 may not answer what it does not know.
constexpr duration probe_limit = std::chrono::seconds{5};

/// Returns whether an answer to the first question that is no answer means that
/// the server has to be opened as older ones are: most do not know the
/// question, and have many ways to say so, the end of the program among them.
bool may_be_older(const error& why) {
  if (const auto* refusal = dynamic_cast<const mcp_refusal*>(&why)) {
    const int status = refusal->status();
    return status != 401 && status != 403 && status != 429;
  }
  if (why.code() == errc::too_large) return true;
  return !why.is_permanent() &&
         (why.code() == errc::request_failed || why.code() == errc::bad_reply ||
          why.code() == errc::timed_out);
}

}  // namespace

task<json> mcp_core::asked(std::string method, json params, mcp_session of) {
  const auto id = ++last_id_;
  auto message =
      mcp::request(id, method, std::move(params), of.under, capabilities_);
  auto work = transport_->exchange(id, std::move(message), of);
  auto limited = within(options.time_limit, std::move(work));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    const auto remark = transport_->remark();
    if (why.code() != errc::timed_out || remark.empty()) throw;
    throw error{errc::timed_out, why.message() + "; " + remark};
  }
}

task<json> mcp_core::probed(std::uint64_t epoch) {
  mcp_session current;
  current.epoch = epoch;
  auto work = asked("server/discover", json::object(), current);
  auto limited =
      within(std::min(probe_limit, options.time_limit), std::move(work));
  try {
    co_return co_await limited;
  } catch (const error& why) {
    if (!may_be_older(why)) throw;
  }
  co_return json();
}

task<mcp_session> mcp_core::open(bool may_be_modern) {
  mcp_session made;
  made.epoch = transport_->begin();
  if (may_be_modern) {
    auto probing = probed(made.epoch);
    const json found = co_await probing;
    if (auto modern = mcp::agreed_by_discovery(found)) {
      made.under = *modern;
      co_return made;
    }
    // The question may have ended the program.
    made.epoch = transport_->begin();
  }
  auto opening = opened_as_older(made.epoch);
  try {
    co_return co_await opening;
  } catch (const error& why) {
    // Or it ends it only now, where it takes long to start.
    if (!may_be_modern || why.is_permanent() ||
        transport_->is_open(made.epoch)) {
      throw;
    }
  }
  auto again = opened_as_older(transport_->begin());
  co_return co_await again;
}

task<mcp_session> mcp_core::opened_as_older(std::uint64_t epoch) {
  mcp_session made;
  made.epoch = epoch;
  made.under = {std::string{mcp::session_revision}, true};
  auto opening = asked("initialize", mcp::opening_params(), made);
  const json answer = co_await opening;
  made.under = mcp::agreed_by_opening(answer);
  auto telling =
      transport_->notify(mcp::notification("notifications/initialized"), made);
  auto limited = within(options.time_limit, std::move(telling));
  co_await limited;
  co_return made;
}

std::optional<mcp_session> mcp_core::greeted() {
  const std::lock_guard lock{mutex_};
  if (session_ && transport_->is_open(session_->epoch)) return session_;
  return std::nullopt;
}

task<mcp_session> mcp_core::greet() {
  bool is_first = true;
  bool was_older = false;
  {
    const std::lock_guard lock{mutex_};
    is_first = !session_;
    was_older = session_ && session_->under.has_session;
  }
  auto opening = open(/*may_be_modern=*/!was_older);
  auto made = co_await opening;
  // One that was started anew may have other tools.
  if (!is_first) shelf->forget();
  const std::lock_guard lock{mutex_};
  session_ = made;
  co_return made;
}

task<mcp_session> mcp_core::agreed() {
  const auto self = shared_from_this();
  if (auto known = greeted()) co_return std::move(*known);
  auto waiting = greeting_.acquire();
  const permit turn = co_await waiting;
  if (auto known = greeted()) co_return std::move(*known);
  auto greeting = greet();
  co_return co_await greeting;
}

// A request of which a server that lost its session has seen nothing is sent
// once more.
task<json> mcp_core::ask(std::string method, json params) {
  const auto self = shared_from_this();
  for (bool is_first = true;; is_first = false) {
    auto agreeing = agreed();
    auto session = co_await agreeing;
    auto asking = asked(method, params, session);
    try {
      json answer = co_await asking;
      const bool may_mend = is_first && method == "tools/call" &&
                            transport_->mirrors_params() &&
                            mcp::is_header_mismatch(answer);
      if (method == "tools/list") hear_of_changes(answer, session);
      if (!may_mend) co_return answer;
    } catch (const mcp_session_lost&) {
      if (!is_first) throw;
      continue;
    }
    auto listing = list_again(std::move(session));
    co_await listing;
  }
}

/// For the schemas of the tools, of which the transport takes what it needs.
task<> mcp_core::list_again(mcp_session of) {
  constexpr int pages_max = 100;
  shelf->forget();
  json params = json::object();
  for (int i = 0; i < pages_max; ++i) {
    auto asking = asked("tools/list", params, of);
    const json answer = co_await asking;
    const auto page = mcp::tools_in(mcp::result_in(answer));
    if (page.next.empty()) break;
    params["cursor"] = page.next;
  }
}

/// A list that is kept is good for as long as the server tells of no change.
void mcp_core::hear_of_changes(const json& list, const mcp_session& of) {
  const auto result = list.find("result");
  if (!of.under.tells_changes || result == list.end() ||
      mcp::freshness_in(*result).lifetime <= duration::zero()) {
    return;
  }
  try {
    auto request =
        mcp::request(++last_id_, "subscriptions/listen",
                     mcp::listening_params(), of.under, capabilities_);
    transport_->listen(std::move(request), of);
  } catch (const error&) {
    // Without it the list is asked for again when its time is over.
  }
}

void mcp_core::send_off(std::string method, json params) noexcept {
  try {
    const auto session = greeted();
    if (!session) return;
    const auto id = ++last_id_;
    auto message = mcp::request(id, method, std::move(params), session->under,
                                capabilities_);
    transport_->send_off(std::move(message), *session);
  } catch (...) {
    // Whoever waited is gone, so there is nobody to tell.
  }
}

}  // namespace troupe::llm::detail
