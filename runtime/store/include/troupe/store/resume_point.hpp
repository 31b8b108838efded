#pragma once

#include "troupe/store/log_entry.hpp"
#include "troupe/store/run_store.hpp"
#include "troupe/store/stored_forms.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The point from which a run, or a sub-flow, goes on: its last commit, and
/// what is known of the step after that.
///
/// Thread safety: a value.
struct resume_point {
  /// The place; absent at the beginning.
  std::optional<position> at{};
  /// The state of a run, and of a sub-flow nothing.
  state document{};
  /// The writes of a sub-flow, one for each step, in their order.
  std::vector<delta> wrote{};
  /// The end of the wait, in milliseconds since 1970; 0 if it waits for none.
  std::int64_t due_ms = 0;
  /// The result of `prep`, for further attempts of the step.
  std::optional<value> prepared{};
  std::uint64_t retries = 0;
  /// Steps committed within its address: the number of the step at work.
  std::uint64_t steps = 0;

  // -- the step at work ------------------------------------------------------

  /// The results of a batch node, by item.
  std::map<std::uint64_t, value> results{};
  /// The params of the items of a fan-out, as they were taken.
  std::map<std::uint64_t, value> taken{};
  /// The sub-flows that have ended, by item.
  std::map<std::uint64_t, branch_end> ended{};
  /// The sub-flows that have not finished but committed something, by item. One
  /// that failed or was cancelled is among both: a run that is resumed after a
  /// failure may go on with it.
  std::map<std::uint64_t, std::shared_ptr<resume_point>> branches{};
  /// The effects that began, by item and name; null while the end of one is not
  /// known.
  std::map<std::pair<std::uint64_t, std::string>, std::optional<effect_form>>
      effects{};
};

/// Reads entries, in their order, and says from where to go on.
///
/// An entry that does not fit those before it (a step that is missing or comes
/// twice, an item that ended twice, a form that cannot be read) is an error
/// which names the run, the entry and what does not fit: never a silently older
/// state.
///
/// A commit of a step ends all that is known of that step. A sub-flow goes with
/// its item once that has finished; what comes later about a step that is
/// committed already (the end of an effect that was given up) is skipped. Only
/// an item that failed, or was cancelled, may begin and end again; an effect
/// that ended may begin again only if it failed.
///
/// Thread safety: confined to one thread.
class replay {
 public:
  /// `initial` is the state at the start, without a snapshot.
  replay(std::string run, state initial, part_source parts);

  /// The next entry. A snapshot of the run itself may come first.
  /// Errors: throws `errc::store_failed`.
  void add(const stored_entry& next);
  /// The point after all of them.
  [[nodiscard]] std::shared_ptr<resume_point> take();

 private:
  [[nodiscard]] resume_point* point_of(const log_entry& entry);
  void perform(resume_point& at, const log_entry& entry);
  void on_step(resume_point& at, const log_entry& entry);
  void on_attempt(resume_point& at, const log_entry& entry);
  void on_snapshot(resume_point& at, const log_entry& entry);
  void on_item(resume_point& at, const log_entry& entry);
  void on_effect(resume_point& at, const log_entry& entry);

  std::string run_;
  part_source parts_;
  std::shared_ptr<resume_point> root_;
  /// The number of the last entry.
  std::uint64_t last_ = 0;
};

/// Reads from where the run `which` goes on: its last snapshot, and the entries
/// after that.
/// Errors: throws `errc::store_failed`.
[[nodiscard]] std::shared_ptr<resume_point> read_resume_point(
    store_reader& from, const run_record& which);
/// The state and the place of a run after its step `step` (counted from 0) was
/// committed; `address` for a sub-flow, whose writes it gives.
/// Errors: throws `errc::store_failed`, `errc::missing_key` for a step that is
/// not there (any more).
[[nodiscard]] snapshot_form read_at(store_reader& from, const run_record& which,
                                    std::string_view address,
                                    std::uint64_t step);

/// Says when a snapshot is due: when what was written since the last one weighs
/// as much as that, and `snapshot_min` at least. Reading a run then costs twice
/// its snapshot at most, and snapshots cost as much as the rest.
class snapshot_rule {
 public:
  static constexpr std::size_t snapshot_min = 16'384;

  /// Returns whether one is due after an entry of so many bytes.
  [[nodiscard]] bool is_due_after(std::size_t bytes) noexcept;
  void on_snapshot(std::size_t bytes) noexcept;

 private:
  std::size_t since_ = 0;
  std::size_t last_ = 0;
};

}  // namespace troupe::detail
