#include "writing/store_writer.hpp"

#include "file/store_error.hpp"

#include <troupe/printable.hpp>

#include <chrono>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t group_max = 1'000;
constexpr std::size_t group_bytes_max = std::size_t{4} << 20;
constexpr duration place_checks_apart = std::chrono::milliseconds{100};

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             clock::steady().wall_now().time_since_epoch())
      .count();
}

commit_result as_result(const error& why) {
  return std::make_shared<const error>(why);
}

bool is_of_full(const write_request& what) noexcept {
  const auto* begun = std::get_if<run_begin>(&what.what);
  const auto how =
      begun != nullptr ? begun->what.how : std::get<run_commit>(what.what).how;
  return how == durability::full;
}

}  // namespace

store_writer::store_writer(const std::filesystem::path& file,
                           sqlite_options options, std::string vfs)
    : options_(std::move(options)),
      file_(file, options_, std::move(vfs)),
      log_(file_),
      queue_(options_.queue_max, options_.queue_bytes_max) {}

void store_writer::begin(run_begin what) {
  write_request request;
  request.bytes = sizeof request + bytes_of(what.first) +
                  what.what.input.text.size() + what.what.shape.size();
  request.what = std::move(what);
  add(std::move(request));
}

void store_writer::submit(run_commit what) {
  write_request request;
  request.bytes = sizeof request + bytes_of(what.entries);
  request.what = std::move(what);
  add(std::move(request));
}

void store_writer::add(write_request request) {
  if (!is_of_full(request) && queue_.borrow()) {
    const bool is_written = write_alone(request);
    const bool wakes = next_look() < next_look_;
    set_writing_thread(own_thread_);
    queue_.give_back(wakes);
    if (is_written) return;
  }
  const auto choice = is_writing_thread() ? commit_queue::when_full::exceeds
                                          : commit_queue::when_full::waits;
  if (queue_.push(request, choice)) return;
  refuse(std::move(request), closed_error());
}

bool store_writer::write_alone(write_request& what) noexcept {
  // What follows a fault takes longer than a caller expects.
  if (fault_) return false;
  set_writing_thread(std::this_thread::get_id());
  group alone;
  alone.push_back(std::move(what));
  write(alone);
  return true;
}

void store_writer::refuse(write_request what, const commit_result& why) {
  if (auto* begun = std::get_if<run_begin>(&what.what)) {
    begun_run answer;
    answer.how = begun_run::kind::failed;
    answer.failure = why;
    if (begun->done) begun->done(std::move(answer));
  } else if (auto& done = std::get<run_commit>(what.what).done) {
    done(why);
  }
}

void store_writer::run() noexcept {
  own_thread_ = std::this_thread::get_id();
  set_writing_thread(own_thread_);
  std::deque<write_request> taken;
  group now;
  for (bool is_open = true; is_open;) {
    next_look_ = next_look();
    is_open = queue_.take(taken, next_look_);
    const bool is_idle = taken.empty();
    while (!taken.empty()) {
      take_group(taken, now);
      std::size_t bytes = 0;
      for (const auto& each : now) bytes += each.bytes;
      write(now);
      queue_.make_room(now.size(), bytes);
      now.clear();
      look_after_file(false);
    }
    if (is_idle && is_open) look_after_file(true);
  }
  close_file();
}

void store_writer::take_group(std::deque<write_request>& from, group& into) {
  std::size_t bytes = 0;
  while (!from.empty() && into.size() < group_max) {
    bytes += from.front().bytes;
    if (!into.empty() && bytes > group_bytes_max) return;
    into.push_back(std::move(from.front()));
    from.pop_front();
  }
}

void store_writer::write(group& what) {
  std::vector<answer> answers(what.size());
  if (const auto why = unusable()) {
    for (std::size_t i = 0; i < what.size(); ++i) {
      fail(what[i], *why, answers[i]);
    }
    report(what, answers);
    return;
  }
  try {
    write_together(what, answers);
  } catch (const SQLite::Exception& why) {
    log_.undo();
    answers.assign(what.size(), {});
    if (what.size() > 1 && !concerns_all(why)) {
      write_one_by_one(what, answers);
    } else {
      const auto shown = store_error(path(), why);
      for (std::size_t i = 0; i < what.size(); ++i) {
        fail(what[i], shown, answers[i]);
      }
      on_fault(why);
    }
  }
  report(what, answers);
  last_group_ = clock::steady().now();
}

void store_writer::set_durability(const group& what) {
  bool is_full = false;
  for (const auto& each : what) is_full = is_full || is_of_full(each);
  if (is_full == is_full_) return;
  file_.connection().run(is_full ? "PRAGMA synchronous=FULL"
                                 : "PRAGMA synchronous=NORMAL");
  is_full_ = is_full;
}

void store_writer::write_together(group& what, std::vector<answer>& answers) {
  set_durability(what);
  const auto now_ms = wall_ms();
  transaction all{file_.connection(), transaction::kind::writes};
  for (std::size_t i = 0; i < what.size(); ++i) {
    apply(what[i], answers[i], now_ms);
  }
  log_.index_if_due();
  all.commit();
  log_.keep();
}

void store_writer::write_one_by_one(group& what, std::vector<answer>& answers) {
  std::optional<error> of_all;
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (of_all) {
      fail(what[i], *of_all, answers[i]);
      continue;
    }
    try {
      const auto now_ms = wall_ms();
      transaction alone{file_.connection(), transaction::kind::writes};
      apply(what[i], answers[i], now_ms);
      alone.commit();
      log_.keep();
    } catch (const SQLite::Exception& why) {
      log_.undo();
      answers[i] = {};
      fail(what[i], store_error(path(), why), answers[i]);
      if (!concerns_all(why)) continue;
      of_all = store_error(path(), why);
      on_fault(why);
    }
  }
}

void store_writer::apply(const write_request& what, answer& into,
                         std::int64_t now_ms) {
  try {
    if (const auto* begun = std::get_if<run_begin>(&what.what)) {
      into.begun = log_.begin(*begun, now_ms);
    } else {
      log_.commit(std::get<run_commit>(what.what), now_ms);
    }
  } catch (const error& why) {
    fail(what, why, into);
  }
}

void store_writer::fail(const write_request& what, const error& why,
                        answer& into) {
  if (std::holds_alternative<run_begin>(what.what)) {
    into.begun.how = begun_run::kind::failed;
    into.begun.failure = as_result(why);
    return;
  }
  const auto& run = std::get<run_commit>(what.what).run;
  log_.refuse_later(run);
  into.failure =
      as_result(error{why.code(), why.message() + log_.safe_up_to(run)});
}

void store_writer::report(group& what, std::vector<answer>& answers) noexcept {
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (auto* begun = std::get_if<run_begin>(&what[i].what)) {
      if (begun->done) begun->done(std::move(answers[i].begun));
      continue;
    }
    const auto& commit = std::get<run_commit>(what[i].what);
    if (commit.change.status && is_over(*commit.change.status))
      has_ended_ = true;
    if (commit.done) commit.done(answers[i].failure);
  }
}

void store_writer::on_fault(const SQLite::Exception& why) {
  if (!spoils_connection(why)) return;
  // Nobody knows what is on the disk. Nothing is written by this connection any
  // more, and a sync that failed is not tried again.
  fault_ = store_error(path(), why);
  file_.notify(fault_->message());
}

std::optional<error> store_writer::unusable() {
  try {
    const auto now = clock::steady().now();
    if (fault_) {
      file_.reopen();
      log_.forget();
      fault_.reset();
      // A new connection begins with FULL.
      is_full_ = true;
    }
    if (now - place_checked_ > place_checks_apart) {
      file_.check_place();
      place_checked_ = now;
    }
    return std::nullopt;
  } catch (const error& why) {
    return why;
  }
}

}  // namespace troupe::detail
