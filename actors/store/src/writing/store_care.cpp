#include "file/entry_index.hpp"
#include "file/store_error.hpp"
#include "writing/run_removal.hpp"
#include "writing/store_writer.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <utility>

namespace troupe::detail {

namespace {

using namespace std::chrono_literals;

/// A page of the log of SQLite takes 4,120 bytes.
constexpr int pages_before_passive = 2'000;
constexpr int pages_before_truncate = 8'000;
/// A place where something reads, so that a checkpoint could not copy all.
constexpr int pages_before_next = 500;
/// Others wait that long for a slice.
constexpr duration slice = 15ms;
constexpr duration short_slice = 5ms;
constexpr duration idle_before_truncate = 2s;
constexpr duration expired_checks_apart = 60s;
/// The same after runs have ended.
constexpr duration expired_checks_after_end = 1s;
constexpr std::size_t expired_at_once = 256;

std::int64_t wall_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             clock::steady().wall_now().time_since_epoch())
      .count();
}

}  // namespace

bool store_writer::has_works() {
  const std::lock_guard lock{works_mutex_};
  return !works_.empty();
}

time_point store_writer::next_look() {
  const auto now = clock::steady().now();
  if (has_works() || has_leftovers_ || is_expiring_ || !to_prune_.empty() ||
      (log_.has_snapshots() && options_.history_max) || is_checkpoint_due()) {
    return now;
  }
  auto due = time_point::max();
  if (file_.log_pages() > 0 && !fault_) due = after(now, idle_before_truncate);
  if (options_.retention.empty()) return due;
  return std::min(due, after(now, has_ended_ ? expired_checks_after_end
                                             : expired_checks_apart));
}

void store_writer::look_after_file(bool is_idle) {
  if (fault_ && !is_idle) return;
  try {
    if (const auto why = unusable()) throw error{*why};
    make_due_checkpoint(is_idle);
    do_slice();
    const auto until = after(clock::steady().now(), short_slice);
    prune(until);
    remove_expired(until);
    if (has_leftovers_) {
      has_leftovers_ = remove_leftovers(file_.connection(), until);
    }
  } catch (const SQLite::Exception& why) {
    // Those who work with the file are told when they use it next.
    on_fault(why);
    has_leftovers_ = is_expiring_ = false;
    to_prune_.clear();
  } catch (const error&) {
    // The file cannot be used; every group fails.
    has_leftovers_ = is_expiring_ = false;
    to_prune_.clear();
    const std::lock_guard lock{works_mutex_};
    for (const auto& work : std::exchange(works_, {})) {
      work->end(
          std::make_shared<const error>(store_error(path(), "cannot be used")));
    }
  }
}

bool store_writer::is_checkpoint_due() const noexcept {
  return !fault_ &&
         file_.log_pages() >= std::max(checkpoint_at_, pages_before_passive);
}

void store_writer::make_due_checkpoint(bool is_idle) {
  const int pages = file_.log_pages();
  if (pages < checkpoint_at_ - pages_before_next) checkpoint_at_ = 0;
  if (pages >= pages_before_truncate && pages >= checkpoint_at_) {
    file_.make_checkpoint(store_file::checkpoint::truncates);
  } else if (is_checkpoint_due()) {
    file_.make_checkpoint(store_file::checkpoint::passive);
  } else {
    const auto idle_since = after(last_group_, idle_before_truncate);
    if (is_idle && pages > 0 && clock::steady().now() >= idle_since) {
      index();
      file_.make_checkpoint(store_file::checkpoint::truncates);
    }
    return;
  }
  checkpoint_at_ = file_.log_pages() + pages_before_next;
}

// Readers of a file that nobody writes find all entries by the index.
void store_writer::index() {
  transaction all{file_.connection(), transaction::kind::writes};
  index_entries(file_.connection());
  all.commit();
  log_.forget();
}

void store_writer::do_slice() {
  std::shared_ptr<slow_work> first;
  {
    const std::lock_guard lock{works_mutex_};
    if (works_.empty()) return;
    first = works_.front();
  }
  commit_result failure;
  bool has_more = false;
  try {
    has_more = first->go_on(file_, after(clock::steady().now(), slice));
  } catch (const SQLite::Exception& why) {
    failure = std::make_shared<const error>(store_error(path(), why));
    on_fault(why);
  } catch (...) {
    failure =
        std::make_shared<const error>(error::from(std::current_exception()));
  }
  log_.forget();
  if (has_more) return;
  {
    const std::lock_guard lock{works_mutex_};
    works_.pop_front();
  }
  first->end(failure);
}

void store_writer::prune(time_point until) {
  for (const auto& [run, step] : log_.snapshots()) {
    if (!options_.history_max) continue;
    const auto kept = static_cast<std::int64_t>(
        std::min<std::uint64_t>(*options_.history_max, 1ULL << 62));
    if (step > kept) to_prune_[run] = step - kept;
  }
  while (!to_prune_.empty() && clock::steady().now() < until) {
    const auto [run, step] = *to_prune_.begin();
    if (!remove_history(file_.connection(), run, step, until)) {
      to_prune_.erase(to_prune_.begin());
    }
  }
}

void store_writer::remove_expired(time_point until) {
  if (options_.retention.empty()) return;
  const auto now = clock::steady().now();
  const auto apart =
      has_ended_ ? expired_checks_after_end : expired_checks_apart;
  const bool is_due = now - expired_checked_ >= apart;
  if (!is_expiring_ && !is_due) return;
  expired_checked_ = now;
  has_ended_ = false;
  auto& in = file_.connection();
  const auto now_ms = wall_now_ms();
  auto expired = expired_runs(in, options_.retention, now_ms, expired_at_once);
  is_expiring_ = !expired.empty();
  if (!is_expiring_) return;
  remove_runs(in, expired, now_ms, until);
  has_leftovers_ = true;
  log_.forget();
}

void store_writer::work(std::shared_ptr<slow_work> what) {
  if (is_writing_thread()) {
    if (const auto why = unusable()) throw error{*why};
    log_.forget();
    try {
      while (what->go_on(file_, after(clock::steady().now(), slice))) {
      }
    } catch (const SQLite::Exception& why) {
      on_fault(why);
      throw store_error(path(), why);
    }
    return;
  }
  {
    const std::lock_guard lock{works_mutex_};
    if (!is_closed_) works_.push_back(what);
    if (is_closed_) what->end(closed_error());
  }
  queue_.wake();
}

commit_result store_writer::closed_error() const {
  return std::make_shared<const error>(
      error{errc::shut_down, "the store '" + path() + "' was closed"});
}

void store_writer::close_file() noexcept {
  {
    const std::lock_guard lock{works_mutex_};
    is_closed_ = true;
    for (const auto& work : std::exchange(works_, {})) {
      work->end(closed_error());
    }
  }
  try {
    if (fault_) {
      file_.abandon();
    } else {
      index();
      file_.make_checkpoint(store_file::checkpoint::truncates);
    }
  } catch (const std::exception&) {
    // All that was committed is in the log of SQLite, where the next owner
    // finds it.
    file_.abandon();
  }
}

}  // namespace troupe::detail
