#include "mcp/mcp_process.hpp"

#include "mcp/mcp_answer.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/mcp_protocol.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

namespace {

using namespace std::chrono_literals;
using troupe::detail::answer_of;
using troupe::detail::waker;

/// The maximum size of unsent messages, as a multiple of the largest message.
constexpr std::size_t unsent_factor = 4;
/// Something that it has started may write for ever.
constexpr int reads_after_end = 64;
/// The time that a program which reads no more may go on.
constexpr auto last_words = 1s;
/// The cost of a request of a program, in lines.
constexpr std::size_t lines_of_request = 20;
constexpr std::size_t given_up_max = 1'000;
/// A program that writes by the byte is read so often.
constexpr auto short_pause = 1ms;
constexpr auto long_pause = 10ms;
constexpr std::size_t short_read = 64;
/// Of the end of what a program wrote to standard error.
constexpr std::size_t errors_shown_max = 500;

time_point steady_now() { return clock::steady().now(); }

void answer(const waker& who, mcp_arrival came) {
  who(caf::make_counted<answer_of<mcp_arrival>>(std::move(came)));
}

}  // namespace

mcp_process::mcp_process(const mcp_command& command, const mcp_options& options,
                         std::function<void(const std::string&)> hears,
                         troupe::detail::secrets hidden)
    : name_(shown_command(command)),
      hidden_(std::move(hidden)),
      options_(options),
      hears_(std::move(hears)),
      program_(command),
      pace_(steady_now()) {
  poll_.watch(program_.output(), {.read = true}, /*is_new=*/true);
  poll_.watch(program_.input(), {}, /*is_new=*/true);
  poll_.watch(program_.handle(), {.read = true}, /*is_new=*/true);
  if (program_.errors() >= 0) {
    poll_.watch(program_.errors(), {.read = true}, /*is_new=*/true);
  }
}

void mcp_process::stop() {
  is_stopping_.store(true);
  poll_.wake();
}

// -- from anywhere ------------------------------------------------------------

std::optional<time_point> mcp_process::end_time() {
  const std::lock_guard lock{mutex_};
  if (ended_) return ended_at_;
  if (!takes_input_) return steady_now();
  return std::nullopt;
}

std::string mcp_process::end_reason() {
  const std::lock_guard lock{mutex_};
  if (ended_) return ended_->message();
  return takes_input_ ? std::string{}
                      : "the MCP server '" + name_ + "' has closed its input";
}

std::string mcp_process::remark() {
  const std::lock_guard lock{mutex_};
  return remark_;
}

void mcp_process::ask(std::uint64_t id, const json& request, waker who) {
  mcp_arrival refusal;
  {
    const std::lock_guard lock{mutex_};
    if (ended_ || !takes_input_) {
      refusal.was_sent = false;
      refusal.failure = ended_;
      if (!ended_) {
        refusal.failure =
            error{errc::request_failed,
                  "the MCP server '" + name_ + "' has closed its input"};
      }
    } else if (waiting_.size() >= options_.requests_max) {
      refusal.failure =
          error{errc::overloaded, "too many requests to an MCP server"};
    } else {
      waiting_.emplace(id, who);
    }
  }
  if (refusal.failure) {
    answer(who, std::move(refusal));
  } else {
    send(request);
  }
}

void mcp_process::forget(std::uint64_t id) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.erase(id) == 0) return;
    if (given_up_.size() < given_up_max) given_up_.insert(id);
  }
  send(mcp::notification("notifications/cancelled", {{"requestId", id}}));
}

void mcp_process::tell(const json& message) { send(message); }

void mcp_process::send(const json& message) {
  const auto line = write_json(message, bad_text::replaced) + "\n";
  {
    const std::lock_guard lock{mutex_};
    if (ended_ || !takes_input_) return;
    // A program that does not read; its requests will time out.
    if (unsent_.size() / unsent_factor > options_.message_max) return;
    unsent_ += line;
  }
  poll_.wake();
}

// -- on its thread ------------------------------------------------------------

void mcp_process::run() {
  try {
    while (!is_stopping_.load()) {
      if (!take_turn()) break;
    }
    end_all("is no longer used");
  } catch (const error& why) {
    end_all(
        "cannot be understood: " + why.message(),
        why.code() == errc::too_large ? errc::too_large : errc::request_failed);
  }
  program_.end();
}

/// Waits for something to do, and does it. Whether the program goes on.
bool mcp_process::take_turn() {
  std::chrono::milliseconds limit = 1h;
  if (!reads_output_) limit = pace_.may_read() ? short_pause : long_pause;
  if (last_moment_) limit = std::min<std::chrono::milliseconds>(limit, 100ms);
  auto last = reading::none;
  bool has_ended = false;
  poll_.wait(limit, [&](int socket, troupe::detail::socket_poll::interest ready,
                        std::uint32_t) {
    if (socket == program_.errors()) {
      program_.read_errors();
    } else if (socket == program_.output() && ready.read) {
      // Not read for a while, it only tells of its end.
      last = reads_output_ ? read_some() : reading::end;
    } else if (socket == program_.input() && ready.read) {
      stop_writing();
    } else if (socket == program_.handle()) {
      has_ended = true;
    }
  });
  pace_.go_on(steady_now());
  if (has_ended || last == reading::end) {
    take_rest();
    const auto how = program_.wait_for(1s);
    end_all(how.empty() ? "has closed its output" : how);
    return false;
  }
  take_lines();
  const bool comes_slowly =
      last == reading::some && last_read_ < short_read && !read_.empty();
  watch_output(pace_.may_read() && !comes_slowly);
  if (last_moment_ && steady_now() >= *last_moment_) {
    end_all("has closed its input");
    return false;
  }
  write_some();
  return true;
}

void mcp_process::watch_output(bool reads) {
  if (reads == reads_output_) return;
  reads_output_ = reads;
  poll_.watch(program_.output(), {.read = reads}, /*is_new=*/false);
}

mcp_process::reading mcp_process::read_some() {
  std::array<char, 65'536> some;
  const auto got = read(program_.output(), some.data(), some.size());
  if (got > 0) {
    last_read_ = static_cast<std::size_t>(got);
    read_.append(some.data(), last_read_);
    return reading::some;
  }
  const bool is_empty = got < 0 && (errno == EAGAIN || errno == EINTR);
  return is_empty ? reading::none : reading::end;
}

/// Takes the rest that a program has written before its end.
void mcp_process::take_rest() {
  for (int i = 0; i < reads_after_end; ++i) {
    if (read_some() != reading::some) break;
  }
  do {
    pace_ = reading_pace{steady_now()};
    take_lines();
  } while (!pace_.may_read());
  // The last one needs no end of a line.
  if (!read_.empty()) take_line(std::exchange(read_, {}));
  searched_ = 0;
}

void mcp_process::take_lines() {
  std::size_t begin = 0;
  while (pace_.may_read()) {
    const auto end = read_.find('\n', std::max(begin, searched_));
    searched_ = end == std::string::npos ? read_.size() : end + 1;
    if (end == std::string::npos) break;
    take_line(std::string_view{read_}.substr(begin, end - begin));
    begin = end + 1;
  }
  read_.erase(0, begin);
  searched_ -= begin;
  if (searched_ > options_.message_max) {
    throw error{errc::too_large, "it sent a message of more than " +
                                     std::to_string(options_.message_max) +
                                     " bytes"};
  }
}

void mcp_process::take_line(std::string_view line) {
  if (line.size() > options_.message_max) {
    throw error{errc::too_large, "it sent a message of " +
                                     std::to_string(line.size()) +
                                     " bytes, more than " +
                                     std::to_string(options_.message_max)};
  }
  auto read = mcp::read_text(line, options_.message_max);
  bool is_answer = false;
  if (!read.fault.empty()) {
    mcp_arrival came;
    came.failure =
        error{errc::bad_reply, "the answer of the MCP server '" + name_ +
                                   "' cannot be read: " + read.fault};
    is_answer = give(read.answered, std::move(came));
  }
  if (read.messages.empty() && !is_answer) pass_over(line);
  std::size_t others = read.messages.empty() && !is_answer ? 1 : 0;
  for (auto& each : read.messages) {
    if (take_message(std::move(each))) {
      is_answer = true;
    } else {
      ++others;
    }
  }
  pace_.spend(others, is_answer ? 0 : line.size());
}

/// Hands over a message; returns whether somebody waits for it.
bool mcp_process::take_message(json message) {
  if (mcp::is_answer(message)) {
    auto id = mcp::answered_id(message);
    // No request has this number: some servers give it to all answers.
    const bool is_nameless = id == std::uint64_t{0};
    if (is_nameless) id.reset();
    if (!id && !is_nameless && !mcp::is_failure_of_unknown(message)) {
      return false;
    }
    mcp_arrival came;
    came.message = std::move(message);
    return give(id, std::move(came));
  }
  const auto told = mcp::message_in(message);
  if (told && told->answer) {
    pace_.spend(lines_of_request, 0);
    send(*told->answer);
  } else if (told && hears_) {
    hears_(told->method);
  }
  return false;
}

/// Wakes the task that waits for an answer. An answer that names no request is
/// that to the only open one.
bool mcp_process::give(std::optional<std::uint64_t> id, mcp_arrival came) {
  std::optional<waker> who;
  {
    const std::lock_guard lock{mutex_};
    if (id) given_up_.erase(*id);
    const auto found = id ? waiting_.find(*id) : waiting_.begin();
    if (found == waiting_.end()) return false;
    if (!id && waiting_.size() + given_up_.size() > 1) return false;
    who = found->second;
    waiting_.erase(found);
  }
  answer(*who, std::move(came));
  return true;
}

void mcp_process::pass_over(std::string_view line) {
  const std::lock_guard lock{mutex_};
  if (!remark_.empty()) return;
  const auto shown = shown_text(line);
  if (shown.empty()) return;
  remark_ = "the program wrote " + shown + ", which is not a message";
}

void mcp_process::write_some() {
  const std::lock_guard lock{mutex_};
  if (!takes_input_) return;
  if (!unsent_.empty()) {
    const auto sent =
        ::send(program_.input(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    // That it reads no more shows when its output ends.
    if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) unsent_.clear();
  }
  const bool waits = !unsent_.empty();
  if (waits == waits_to_write_) return;
  waits_to_write_ = waits;
  poll_.watch(program_.input(), {.write = waits}, /*is_new=*/false);
}

// It reads no more. It may have something to say all the same.
void mcp_process::stop_writing() {
  poll_.forget(program_.input());
  const std::lock_guard lock{mutex_};
  takes_input_ = false;
  unsent_.clear();
  last_moment_ = after(steady_now(), last_words);
}

/// The end of its standard error, in words; empty for nothing.
std::string mcp_process::last_errors() const {
  const auto clean = hidden_.without(std::string{program_.last_errors()});
  auto last = printable(clean, line_breaks::kept);
  while (!last.empty() && last.back() == '\n') last.pop_back();
  if (last.size() > errors_shown_max) {
    last.erase(0, last.size() - errors_shown_max);
    // From the beginning of a line on, or of a character.
    auto begin = std::min(last.find('\n'), last.size());
    if (begin == last.size()) begin = 0;
    while (begin < last.size() && (last[begin] & 0xC0) == 0x80) ++begin;
    last.replace(0, begin, "...");
  }
  if (last.empty()) return last;
  return "; it wrote to standard error: '" +
         printable(last, line_breaks::joined) + "'";
}

void mcp_process::end_all(const std::string& why, errc code) {
  std::optional<error> failure;
  std::map<std::uint64_t, waker> waiting;
  {
    const std::lock_guard lock{mutex_};
    if (ended_) return;
    auto text = "the MCP server '" + name_ + "' " + why;
    if (!remark_.empty()) text += "; " + remark_;
    text += last_errors();
    ended_ = error{code, std::move(text)};
    if (code == errc::too_large) ended_->permanent();
    failure = ended_;
    ended_at_ = steady_now();
    waiting.swap(waiting_);
    unsent_.clear();
  }
  for (const auto& [id, who] : waiting) {
    mcp_arrival end;
    end.failure = failure;
    answer(who, std::move(end));
  }
}

}  // namespace troupe::llm::detail
